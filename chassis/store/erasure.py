"""Takes a person's words out of the vault for good, and says what has been taken out (P7).

Guarantees. An erasure is carried out once. Once it has been, the vault takes no word of that customer any more: both an
erasure and an append hold the head of the store, and whichever comes second sees what the first has done.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from pydantic import BaseModel

from chassis.postgres.database import Connection, Pool

LOCK = "SELECT FROM store_head FOR UPDATE"
ALL = "DELETE FROM vault WHERE subject = $1"
THOSE = "DELETE FROM vault WHERE subject = $1 AND id = ANY($2)"
KEEP = "INSERT INTO erasure (subject, version, person_id, entries) VALUES ($1, $2, $3, $4)"
DONE = "SELECT subject, version, person_id, entries, erased_at FROM erasure WHERE subject = $1 ORDER BY version"
ERASED_PEOPLE = "SELECT DISTINCT person_id FROM erasure WHERE person_id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Erasure:
    """Whose words are to go: all of the customer's, or, where `person_id` names one, a key contact's.

    `version` is where it stands in the customer's stream: that tells it apart in every service.
    """

    subject: UUID
    version: int
    person_id: UUID | None = None


class Statement(BaseModel):
    """What a service that takes no personal words says: which erasures it has received, and how many words it holds."""

    service: str
    customer_id: UUID
    received: list[UUID]
    entries: int


@dataclass(frozen=True, slots=True)
class Erased(Erasure):
    """An erasure that has been carried out here, and how many entries the vault lost by it."""

    entries: int = 0
    erased_at: datetime | None = None


async def lock(held: Connection) -> None:
    """Let nothing be appended until the transaction ends: send no command meanwhile."""
    await held.execute(LOCK)


async def erase(held: Connection, erasure: Erasure, refs: Collection[UUID] = ()) -> int | None:
    """Carry an erasure out in the caller's transaction; return how many words went, None if it was done before.

    `refs` are where words about a key contact stand; of a customer all go. The store stays locked until the end.
    """
    await lock(held)
    done = {each.version for each in await erased(held, erasure.subject)}
    if erasure.version in done:
        return None
    if erasure.person_id is None:
        entries = counted(await held.execute(ALL, erasure.subject))
    else:
        entries = await remove(held, erasure.subject, refs)
    await held.execute(KEEP, erasure.subject, erasure.version, erasure.person_id, entries)
    whose = {"customer_id": str(erasure.subject), "key_contact_id": erasure.person_id and str(erasure.person_id)}
    structlog.get_logger().info("erasure.done", **whose, entries=entries)
    return entries


async def remove(held: Connection, subject: UUID, refs: Collection[UUID]) -> int:
    """Take single words of a customer out of the vault; return how many there were."""
    return counted(await held.execute(THOSE, subject, list(refs)))


async def erased(source: "Connection | Pool", subject: UUID) -> list[Erased]:
    """Return which erasures of a customer this service has carried out."""
    return [Erased(**row) for row in await source.fetch(DONE, subject)]


async def erased_people(source: "Connection | Pool", person_ids: Collection[UUID]) -> set[UUID]:
    """Return who of these key contacts has been erased here."""
    return {row["person_id"] for row in await source.fetch(ERASED_PEOPLE, list(person_ids))}


def counted(status: str) -> int:
    return int(status.rsplit(" ", 1)[1])
