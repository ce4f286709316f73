"""The list of absences, kept in step with their events, and what is asked of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.postgres.database import Connection, Pool
from chassis.postgres.rows import Rows
from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.absence import AbsenceDetails, AbsenceEvent
from services.followup.queries.followups import Place, listed, one_more


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """Away from `starts_at` up to `ends_at`, which are the first midnight and that after the last day."""

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
COLUMNS = listed(AbsenceRow)
# Names come from our own class, never from a request.
OF_EMPLOYEE = f"""
    SELECT {COLUMNS} FROM absence
    WHERE employee_id = $1 AND cancelled_at IS NULL AND first_day <= $3 AND last_day >= $2 ORDER BY first_day
"""  # noqa: S608
VISIBLE = """
    ($1::text IS NULL OR employee_id = $1 OR stand_in_id = $1 OR employee_id = ANY(ARRAY(
        SELECT owner_id FROM customer_ref WHERE leader_id = $1 AND owner_id IS NOT NULL)))
"""
LIST = f"""
    SELECT {COLUMNS} FROM absence
    WHERE cancelled_at IS NULL
      AND ($2::timestamptz IS NULL OR (starts_at, absence_id) > ($2, $3::uuid))
      AND ($4::text IS NULL OR employee_id = $4)
      AND ($5::date IS NULL OR last_day >= $5)
      AND ($6::date IS NULL OR first_day <= $6)
      AND {VISIBLE}
    ORDER BY starts_at, absence_id LIMIT $7
"""  # noqa: S608
NOW = f"""
    SELECT {COLUMNS} FROM absence
    WHERE employee_id = ANY($2) AND cancelled_at IS NULL AND starts_at <= $3 AND ends_at > $3 AND {VISIBLE}
    ORDER BY employee_id
"""  # noqa: S608
STOOD_IN_FOR = f"""
    SELECT {COLUMNS} FROM absence
    WHERE stand_in_id = ANY($1) AND cancelled_at IS NULL AND starts_at < $3 AND ends_at > $2 ORDER BY absence_id
"""  # noqa: S608
LEADS = "SELECT EXISTS (SELECT FROM customer_ref WHERE leader_id = $1 AND owner_id = $2)"
HAS_LEFT = "SELECT EXISTS (SELECT FROM leaver WHERE employee_id = $1)"


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
            return AbsenceRow(version=envelope.version, noted_at=at, **said(event))
        case events.AbsenceChanged() if row:
            return AbsenceRow(version=envelope.version, noted_at=row.noted_at, **said(event))
        case events.AbsenceCancelled() if row:
            return replace(row, version=envelope.version, cancelled_at=at)
        case _:
            raise LookupError("an absence's first event must be its noting")


def said(event: AbsenceDetails) -> Mapping[str, Any]:
    zone = ZoneInfo(event.zone)
    starts_at = datetime.combine(event.first_day, time(), zone)
    ends_at = datetime.combine(event.last_day + ONE_DAY, time(), zone)
    return {**event.model_dump(exclude={"type"}), "starts_at": starts_at, "ends_at": ends_at}


def is_covered(days: tuple[date, date], absences: Sequence[AbsenceRow]) -> bool:
    """Say whether somebody with these absences, in order, is away on every one of these days."""
    day, last = days
    for each in absences:
        if each.first_day <= day <= each.last_day:
            day = each.last_day + ONE_DAY
    return day > last


@dataclass(frozen=True, slots=True)
class AbsenceFilters:
    """What the list is narrowed to. `visible_to` restricts it to what one employee may see."""

    visible_to: str | None
    employee_id: str | None = None
    since: date | None = None
    until: date | None = None


class AbsenceQueries:
    """Reads the list."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def absences(self, filters: AbsenceFilters, after: Place | None, limit: int) -> list[AbsenceRow]:
        """Return absences that hold, those that begin first coming first."""
        at, row_id = (after.at, after.id) if after else (None, None)
        narrowed = (filters.employee_id, filters.since, filters.until, one_more(limit))
        return [AbsenceRow(**row) for row in await self._pool.fetch(LIST, filters.visible_to, at, row_id, *narrowed)]

    async def can_stand_in(self, employee_id: str, days: tuple[date, date]) -> bool:
        """Say whether somebody is there on at least one of these days, and has not left."""
        if await self._pool.fetchval(HAS_LEFT, employee_id):
            return False
        return not is_covered(
            days, [AbsenceRow(**row) for row in await self._pool.fetch(OF_EMPLOYEE, employee_id, *days)]
        )

    async def away_now(self, people: Sequence[str], visible_to: str | None, now: datetime) -> list[AbsenceRow]:
        """Return who of these people is away, as `visible_to` may know it."""
        return [AbsenceRow(**row) for row in await self._pool.fetch(NOW, visible_to, list(people), now)]

    async def stood_in_for(self, people: Sequence[str], since: datetime, until: datetime) -> list[AbsenceRow]:
        """Return the absences between two instants in which one of these people stands in."""
        return [AbsenceRow(**row) for row in await self._pool.fetch(STOOD_IN_FOR, list(people), since, until)]

    async def leads(self, leader_id: str, employee_id: str) -> bool:
        """Say whether somebody leads the owner of a customer, who is `employee_id`."""
        found: bool = await self._pool.fetchval(LEADS, leader_id, employee_id)
        return found
