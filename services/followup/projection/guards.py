"""The list of what the guards found, kept in step with their events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from chassis.postgres.database import Connection, Pool
from chassis.postgres.rows import Rows
from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.guard import GuardEvent
from services.followup.queries.followups import VISIBLE, Filters, Place, listed, one_more


@dataclass(frozen=True, slots=True)
class GuardRow:
    """One time that a guard tripped; it holds until `cleared_at`."""

    id: UUID
    customer_id: UUID
    guard: str
    number: int
    stage: str
    mode: str | None
    contact_ids: list[UUID]
    employee_ids: list[str]
    at_least: int
    within_days: int
    since: datetime
    owner_id: str | None
    leader_id: str | None
    tripped_at: datetime
    cleared_at: datetime | None = None


GUARDS = Rows("guard", GuardRow, "id")
TABLES = ("guard",)
# Names come from our own class, never from a request.
LIST = f"""
    SELECT {listed(GuardRow)} FROM guard
    WHERE ($2::timestamptz IS NULL OR (tripped_at, id) < ($2, $3::uuid))
      AND ($4::uuid IS NULL OR customer_id = $4)
      AND ($5::text IS NULL OR guard = $5)
      AND ($6::boolean IS NULL OR (cleared_at IS NULL) = $6)
      AND {VISIBLE}
    ORDER BY tripped_at DESC, id DESC LIMIT $7
"""  # noqa: S608


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    own = [each for each in envelopes if isinstance(each.event, GuardEvent)]
    rows = await GUARDS.load(held, [row_id(each) for each in own])
    for envelope in own:
        rows[row_id(envelope)] = project(rows.get(row_id(envelope)), envelope)
    await GUARDS.save(held, list(rows.values()))


def row_id(envelope: Envelope[GuardEvent]) -> UUID:
    return uuid5(envelope.stream_id, f"{envelope.event.guard}#{envelope.event.number}")


def project(row: GuardRow | None, envelope: Envelope[GuardEvent]) -> GuardRow:
    event, at = envelope.event, envelope.occurred_at
    match event:
        case events.GuardTripped():
            said = event.model_dump(exclude={"type"})
            said |= {"contact_ids": list(event.contact_ids), "employee_ids": list(event.employee_ids)}
            return GuardRow(id=row_id(envelope), customer_id=envelope.subject, tripped_at=at, **said)
        case events.GuardCleared() if row:
            return replace(row, cleared_at=at)
        case _:
            raise LookupError("a guard trips before it is cleared")


class GuardQueries:
    """Reads the list."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def guards(self, filters: Filters, after: Place | None, limit: int) -> list[GuardRow]:
        """Return what was found, the latest first."""
        at, row_id = (after.at, after.id) if after else (None, None)
        is_open = None if filters.state is None else filters.state == "open"
        given = (filters.visible_to, at, row_id, filters.customer_id, filters.kind, is_open, one_more(limit))
        return [GuardRow(**row) for row in await self._pool.fetch(LIST, *given)]
