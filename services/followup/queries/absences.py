"""Queries for absences: the list, present absences, and possible stand-ins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.postgres.database import Pool, fetch_planned
from contracts.followup.absence import AbsenceReason
from services.followup.projection.absences import ONE_DAY, AbsenceRow
from services.followup.queries.paging import SortKey, columns_of, one_more

COLUMNS = columns_of(AbsenceRow)
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
COVERED_BY = f"""
    SELECT {COLUMNS} FROM absence
    WHERE stand_in_id = ANY($1) AND cancelled_at IS NULL AND starts_at < $3 AND ends_at > $2 ORDER BY absence_id
"""  # noqa: S608
LEADS = "SELECT EXISTS (SELECT FROM customer_ref WHERE leader_id = $1 AND owner_id = $2)"
LEFT = "SELECT employee_id FROM leaver WHERE employee_id = ANY($1) AND left_at > returned_at ORDER BY employee_id"


class AbsenceView(BaseModel):
    """An absence from `first_day` to `last_day`, both included, in the time zone `zone`."""

    model_config = ConfigDict(from_attributes=True)

    absence_id: UUID
    version: int
    employee_id: str
    first_day: date
    last_day: date
    zone: str
    stand_in_id: str | None
    reason: AbsenceReason | None
    starts_at: datetime
    ends_at: datetime
    noted_at: datetime
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class AbsenceFilters:
    """The filters of the list. `visible_to` restricts it to what one employee may see."""

    visible_to: str | None
    employee_id: str | None = None
    since: date | None = None
    until: date | None = None


class AbsenceQueries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, filters: AbsenceFilters, after: SortKey | None, limit: int) -> list[AbsenceRow]:
        """Return up to `limit` + 1 absences that are not cancelled, by start."""
        at, row_id = after or (None, None)
        narrowed = (filters.employee_id, filters.since, filters.until, one_more(limit))
        return [
            AbsenceRow(**row)
            for row in await fetch_planned(self._pool, LIST, filters.visible_to, at, row_id, *narrowed)
        ]

    async def can_stand_in(self, employee_id: str, days: tuple[date, date]) -> bool:
        """Return whether the employee has not left, and is present on at least one of these days."""
        if await self.left([employee_id]):
            return False
        return not is_covered(
            days, [AbsenceRow(**row) for row in await self._pool.fetch(OF_EMPLOYEE, employee_id, *days)]
        )

    async def left(self, employee_ids: Sequence[str]) -> list[str]:
        """Return those employees who have left the company."""
        return [row["employee_id"] for row in await self._pool.fetch(LEFT, list(employee_ids))]

    async def away_now(self, people: Sequence[str], visible_to: str | None, now: datetime) -> list[AbsenceRow]:
        """Return the current absences of these employees that `visible_to` may see."""
        return [AbsenceRow(**row) for row in await fetch_planned(self._pool, NOW, visible_to, list(people), now)]

    async def covered_by(self, people: Sequence[str], since: datetime, until: datetime) -> list[AbsenceRow]:
        """Return the absences between two instants in which one of these employees is the stand-in."""
        return [AbsenceRow(**row) for row in await self._pool.fetch(COVERED_BY, list(people), since, until)]

    async def leads(self, leader_id: str, employee_id: str) -> bool:
        """Return whether `employee_id` owns a customer of which `leader_id` is the leader."""
        found: bool = await self._pool.fetchval(LEADS, leader_id, employee_id)
        return found


def is_covered(days: tuple[date, date], absences: Sequence[AbsenceRow]) -> bool:
    """Return whether these absences, ordered by their first day, cover every one of the days."""
    day, last = days
    for each in absences:
        if each.first_day <= day <= each.last_day:
            day = each.last_day + ONE_DAY
    return day > last
