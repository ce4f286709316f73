"""Reads personal data from the vault. Erased texts are missing from every result."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import asyncpg

from chassis.postgres.database import Connection, Pool
from chassis.store.vault import PersonalData

READ = "SELECT id, value FROM vault WHERE id = ANY($1)"
READ_OF = "SELECT id, value FROM vault WHERE subject = ANY($1) AND id = ANY($2)"
COUNT = "SELECT count(*) FROM vault WHERE subject = ANY($1)"


async def read_personal_data(source: "Connection | Pool", refs: Iterable[UUID | None]) -> PersonalData:
    """Return the texts that `refs` point to, by reference. Without references nothing is queried."""
    known = [ref for ref in refs if ref is not None]
    return by_reference(await source.fetch(READ, known)) if known else {}


async def read_personal_data_of(
    source: "Connection | Pool", customer_ids: Sequence[UUID], refs: Collection[UUID]
) -> PersonalData:
    """Return the texts that `refs` point to and that are about these customers, by reference."""
    return by_reference(await source.fetch(READ_OF, list(customer_ids), list(refs))) if refs else {}


async def count_personal_data(source: "Connection | Pool", *customer_ids: UUID) -> int:
    """Return how many texts the vault holds about these customers."""
    count: int = await source.fetchval(COUNT, customer_ids)
    return count


def by_reference(rows: Iterable[asyncpg.Record]) -> PersonalData:
    return {row["id"]: row["value"] for row in rows}
