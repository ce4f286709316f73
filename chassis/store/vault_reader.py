"""Reads the vault. Texts that have been erased are missing from every result."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import asyncpg

from chassis.postgres.database import Connection, Pool
from chassis.store.vault import Words

READ = "SELECT id, value FROM vault WHERE id = ANY($1)"
READ_OF = "SELECT id, value FROM vault WHERE subject = ANY($1) AND id = ANY($2)"
COUNT = "SELECT count(*) FROM vault WHERE subject = ANY($1)"


async def read_words(source: "Connection | Pool", refs: Iterable[UUID | None]) -> Words:
    """Return the texts that `refs` point to, by reference. No reference, no query."""
    wanted = [ref for ref in refs if ref is not None]
    return by_reference(await source.fetch(READ, wanted)) if wanted else {}


async def read_words_of(source: "Connection | Pool", customer_ids: Sequence[UUID], refs: Collection[UUID]) -> Words:
    """Return the texts that `refs` point to, as far as they belong to these customers."""
    return by_reference(await source.fetch(READ_OF, list(customer_ids), list(refs))) if refs else {}


async def count_words(source: "Connection | Pool", *customer_ids: UUID) -> int:
    """Return how many texts the vault holds of these customers."""
    count: int = await source.fetchval(COUNT, customer_ids)
    return count


def by_reference(rows: Iterable[asyncpg.Record]) -> Words:
    return {row["id"]: row["value"] for row in rows}
