"""The list of findings of the mode guards, updated from their events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.guard import GuardEvent


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
    """Return the row of a finding after one event."""
    event, at = envelope.event, envelope.occurred_at
    match event:
        case events.GuardTripped():
            values = event.model_dump(exclude={"type"})
            values |= {"contact_ids": list(event.contact_ids), "employee_ids": list(event.employee_ids)}
            return GuardRow(id=row_id(envelope), customer_id=envelope.subject, tripped_at=at, **values)
        case events.GuardCleared() if row:
            return replace(row, cleared_at=at)
        case _:
            raise LookupError("a finding's first event must be its tripping")
