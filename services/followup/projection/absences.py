"""The list of absences, updated from their events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.absence import AbsenceDetails, AbsenceEvent


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """An absence lasts from `starts_at`, midnight of the first day, to `ends_at`, midnight after the last day."""

    absence_id: UUID
    version: int
    employee_id: str
    first_day: date
    last_day: date
    zone: str
    stand_in_id: str | None
    reason: str | None
    starts_at: datetime
    ends_at: datetime
    noted_at: datetime
    cancelled_at: datetime | None = None


ABSENCES = Rows("absence", AbsenceRow, "absence_id")
TABLES = ("absence",)
ONE_DAY = timedelta(days=1)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    own = [each for each in envelopes if isinstance(each.event, AbsenceEvent)]
    rows = await ABSENCES.load(held, [each.event.absence_id for each in own])
    for envelope in own:
        rows[envelope.event.absence_id] = project(rows.get(envelope.event.absence_id), envelope)
    await ABSENCES.save(held, list(rows.values()))


def project(row: AbsenceRow | None, envelope: Envelope[AbsenceEvent]) -> AbsenceRow:
    """Return the row of an absence after one event."""
    event, at = envelope.event, envelope.occurred_at
    match event:
        case events.AbsenceNoted():
            return AbsenceRow(version=envelope.version, noted_at=at, **values_of(event))
        case events.AbsenceChanged() if row:
            return AbsenceRow(version=envelope.version, noted_at=row.noted_at, **values_of(event))
        case events.AbsenceCancelled() if row:
            return replace(row, version=envelope.version, cancelled_at=at)
        case _:
            raise LookupError("an absence's first event must be its noting")


def values_of(event: AbsenceDetails) -> Mapping[str, Any]:
    zone = ZoneInfo(event.zone)
    starts_at = datetime.combine(event.first_day, time(), zone)
    ends_at = datetime.combine(event.last_day + ONE_DAY, time(), zone)
    return {**event.model_dump(exclude={"type"}), "starts_at": starts_at, "ends_at": ends_at}
