"""Erases personal data from the vault and records what was erased (P7).

Guarantees. Each erasure is carried out once. After the erasure of a customer the vault accepts no personal data about
that customer: an erasure and an append both lock the store, so the second one sees the effect of the first.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from pydantic import BaseModel

from chassis.postgres.database import Connection, Pool
from chassis.store.snapshots import delete_snapshots

LOCK = "SELECT lock_store()"
DELETE_ALL = "DELETE FROM vault WHERE subject = $1"
DELETE_ENTRIES = "DELETE FROM vault WHERE subject = $1 AND id = ANY($2)"
RECORD = "INSERT INTO erasure (subject, version, person_id, entries) VALUES ($1, $2, $3, $4)"
COMPLETED = "SELECT subject, version, person_id, entries, erased_at FROM erasure WHERE subject = $1 ORDER BY version"
ERASED_PEOPLE = "SELECT DISTINCT person_id FROM erasure WHERE person_id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Erasure:
    """A request to erase all personal data about a customer or, with `person_id`, about one key contact.

    `version` is the version of its event in the customer's stream. Subject and version identify it in every service.
    """

    subject: UUID
    version: int
    person_id: UUID | None = None


class Statement(BaseModel):
    """Statement of a service: the erasures it received, and how many texts it holds now."""

    service: str
    customer_id: UUID
    received: list[UUID]
    entries: int


@dataclass(frozen=True, slots=True)
class CompletedErasure(Erasure):
    """An erasure that this service has carried out, with the number of vault entries it deleted."""

    entries: int = 0
    erased_at: datetime | None = None


async def lock_store(held: Connection) -> None:
    """Block all appends until the transaction ends. The caller must not send a command before that."""
    await held.execute(LOCK)


async def erase(held: Connection, erasure: Erasure, refs: Collection[UUID] = ()) -> int | None:
    """Carry out an erasure in the caller's transaction. Return how many entries were deleted, None if done before.

    `refs` are the vault references of a key contact; for a customer all entries are deleted. The snapshots of the
    customer's streams are deleted too. The store stays locked until the transaction ends.
    """
    await lock_store(held)
    completed = {each.version for each in await erasures_of(held, erasure.subject)}
    if erasure.version in completed:
        return None
    if erasure.person_id is None:
        entries = affected_rows(await held.execute(DELETE_ALL, erasure.subject))
    else:
        entries = await delete_entries(held, erasure.subject, refs)
    await delete_snapshots(held, erasure.subject)
    await held.execute(RECORD, erasure.subject, erasure.version, erasure.person_id, entries)
    ids = {"customer_id": str(erasure.subject), "key_contact_id": erasure.person_id and str(erasure.person_id)}
    structlog.get_logger().info("erasure.done", **ids, entries=entries)
    return entries


async def delete_entries(held: Connection, subject: UUID, refs: Collection[UUID]) -> int:
    """Delete single vault entries of a customer. Return how many were deleted."""
    return affected_rows(await held.execute(DELETE_ENTRIES, subject, list(refs)))


async def erasures_of(source: "Connection | Pool", subject: UUID) -> list[CompletedErasure]:
    """Return the erasures of a customer that this service has carried out, in their order."""
    return [CompletedErasure(**row) for row in await source.fetch(COMPLETED, subject)]


async def erased_person_ids(source: "Connection | Pool", person_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these key contacts have been erased in this service."""
    return {row["person_id"] for row in await source.fetch(ERASED_PEOPLE, list(person_ids))}


def affected_rows(status: str) -> int:
    return int(status.rsplit(" ", 1)[1])
