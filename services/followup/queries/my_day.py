"""Queries for the day of an employee or a team: tasks late or due soon, and complaints near their targets."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

import asyncpg

from chassis.postgres.database import Pool, fetch_planned
from chassis.postgres.visibility import holds
from services.followup.domain.complaint import SETTLED, UNANSWERED
from services.followup.projection.absences import AbsenceRow
from services.followup.projection.complaints import ComplaintRow
from services.followup.projection.tasks import TaskRow
from services.followup.queries.paging import columns_of

R = TypeVar("R", TaskRow, ComplaintRow)

# Urgency: the hours late multiplied by the weights, or the hours left divided by them.
TIER_WEIGHTS = {"vip": 3, "a": 3, "growth": 2, "b": 2}
SEVERITY_WEIGHTS = {"critical": 8, "high": 4, "normal": 2, "low": 1}
NEXT_DAYS = 7
NEAR = timedelta(hours=24)
MAX_PEOPLE = 500
PARTS = ("overdue", "today", "next")

PEOPLE = f"SELECT DISTINCT owner_id FROM customer_ref WHERE leader_id = $1 AND owner_id IS NOT NULL LIMIT {MAX_PEOPLE}"  # noqa: S608
VISIBLE = f"($1::text IS NULL OR {{mine}} = $1 OR {holds('c', '$1')})"
TIER = "coalesce(c.tiers ->> 'default', c.tiers ->> 'abc')"
# The next target of a complaint: the answer until there is one, then the resolution.
BY = "least(CASE WHEN o.state = ANY($3) THEN o.answer_by END, o.resolve_by)"
OPEN = f"o.state NOT IN {tuple(map(str, SETTLED))}"
OF_TASK = ", ".join(f"task.{field.name}" for field in fields(TaskRow))


def away_from(first: int) -> str:
    """Return the SQL of a table of absences, made from four arguments, the `first` and those after it."""
    types = ("text", "text", "timestamptz", "timestamptz")
    given = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, first))
    return f"unnest({given}) AS away(employee_id, stand_in_id, since, until)"


# Names come from our own classes, never from a request.
TASKS = f"""
    WITH owed AS MATERIALIZED (
        SELECT t.task_id, t.due_at, {TIER} AS tier_now, date_part('epoch', $3 - t.due_at) / 3600 AS late,
            (t.due_at >= $3)::int + (t.due_at >= $4)::int AS part
        FROM task t LEFT JOIN customer_ref c USING (customer_id)
        WHERE t.state = 'open' AND t.assignee_id = ANY($2) AND t.due_at < $5 AND {VISIBLE.format(mine="t.assignee_id")}
        UNION ALL
        SELECT t.task_id, t.due_at, {TIER}, date_part('epoch', $3 - t.due_at) / 3600,
            (t.due_at >= $3)::int + (t.due_at >= $4)::int
        FROM {away_from(9)}
        JOIN task t ON t.assignee_id = away.employee_id AND t.due_at >= away.since AND t.due_at < away.until
        LEFT JOIN customer_ref c USING (customer_id)
        WHERE t.state = 'open' AND t.due_at < $5 AND {VISIBLE.format(mine="away.stand_in_id")}
    ), hurting AS MATERIALIZED (
        SELECT owed.*, CASE WHEN late > 0 THEN late * coalesce(weight, 1) ELSE late / coalesce(weight, 1) END AS hurts
        FROM owed LEFT JOIN unnest($6::text[], $7::float8[]) AS w(tier, weight) ON w.tier = owed.tier_now
    ), first AS MATERIALIZED (
        SELECT pressing.* FROM generate_series(0, 2) AS each(part), LATERAL (
            SELECT *, count(*) OVER () AS total FROM hurting WHERE hurting.part = each.part
            ORDER BY hurts DESC, due_at, task_id LIMIT $8
        ) AS pressing
    )
    SELECT part, tier_now, hurts, total, {OF_TASK} FROM first JOIN task USING (task_id)
    ORDER BY part, hurts DESC, task.due_at, task_id
"""  # noqa: S608
COMPLAINTS = f"""
    WITH open AS MATERIALIZED (
        SELECT o.complaint_id, o.severity, {TIER} AS tier_now, {BY} AS by
        FROM complaint o LEFT JOIN customer_ref c USING (customer_id)
        WHERE o.owner_id = ANY($2) AND {OPEN} AND {VISIBLE.format(mine="o.owner_id")}
        UNION ALL
        SELECT o.complaint_id, o.severity, {TIER}, {BY}
        FROM {away_from(11)}
        JOIN complaint o ON o.owner_id = away.employee_id AND {BY} >= away.since AND {BY} < away.until
        LEFT JOIN customer_ref c USING (customer_id)
        WHERE {OPEN} AND {VISIBLE.format(mine="away.stand_in_id")}
    ), pressing AS MATERIALIZED (
        SELECT complaint_id, by, tier_now, coalesce(t.weight, 1) * coalesce(s.weight, 1) AS weight,
            date_part('epoch', $4 - by) / 3600 AS late
        FROM open LEFT JOIN unnest($6::text[], $7::float8[]) AS t(tier, weight) ON t.tier = tier_now
        LEFT JOIN unnest($8::text[], $9::float8[]) AS s(severity, weight) ON s.severity = open.severity
        WHERE by < $5
    ), hurting AS MATERIALIZED (
        SELECT complaint_id, tier_now, by, count(*) OVER () AS total,
            CASE WHEN late > 0 THEN late * weight ELSE late / weight END AS hurts
        FROM pressing ORDER BY hurts DESC, by, complaint_id LIMIT $10
    )
    SELECT tier_now, hurts, total, {columns_of(ComplaintRow)}
    FROM hurting JOIN complaint USING (complaint_id) ORDER BY hurts DESC, by, complaint_id
"""  # noqa: S608
WINDOW = ("employee_id", "stand_in_id", "starts_at", "ends_at")
TIERS = list(TIER_WEIGHTS), list(TIER_WEIGHTS.values())
SEVERITIES = list(SEVERITY_WEIGHTS), list(SEVERITY_WEIGHTS.values())


@dataclass(frozen=True, slots=True)
class DayQuery:
    """The employees, what `visible_to` may see, and a limit. `covered` are absences in which they are the stand-in."""

    people: Sequence[str]
    visible_to: str | None
    now: datetime
    limit: int
    covered: Sequence[AbsenceRow] = ()

    @property
    def away(self) -> tuple[list[object], ...]:
        """Return the arguments of `away_from`, without absent employees who are themselves requested."""
        others = [each for each in self.covered if each.employee_id not in self.people]
        return tuple([getattr(each, name) for each in others] for name in WINDOW)


@dataclass(frozen=True, slots=True)
class Pressing(Generic[R]):
    """A task or complaint with its urgency: above 0 it is late."""

    row: R
    tier: str | None
    hurts: float


@dataclass(frozen=True, slots=True)
class DayPart(Generic[R]):
    """The first of `total`, the most urgent first."""

    total: int
    items: list[Pressing[R]]


class DayQueries:
    """Reads days: one statement for the tasks, one for the complaints."""

    def __init__(self, pool: Pool, zone: str) -> None:
        self._pool = pool
        self._zone = ZoneInfo(zone)

    async def people_of(self, leader_id: str) -> list[str]:
        """Return the owners led by an employee, and that employee."""
        rows = await self._pool.fetch(PEOPLE, leader_id)
        return sorted({leader_id, *(row["owner_id"] for row in rows)})

    async def tasks(self, query: DayQuery) -> dict[str, DayPart[TaskRow]]:
        """Return the open tasks by part: overdue, due until midnight, due in the days after."""
        midnight = self.midnight_after(query.now)
        until = midnight + timedelta(days=NEXT_DAYS)
        given = (query.visible_to, list(query.people), query.now, midnight, until, *TIERS, query.limit, *query.away)
        rows = await fetch_planned(self._pool, TASKS, *given)
        parts = [[row for row in rows if row["part"] == number] for number in range(len(PARTS))]
        return {name: part_of(TaskRow, part) for name, part in zip(PARTS, parts, strict=True)}

    async def complaints(self, query: DayQuery) -> DayPart[ComplaintRow]:
        """Return the open complaints whose next target has passed or is near."""
        given = (query.visible_to, list(query.people), list(UNANSWERED), query.now, query.now + NEAR)
        rows = await fetch_planned(self._pool, COMPLAINTS, *given, *TIERS, *SEVERITIES, query.limit, *query.away)
        return part_of(ComplaintRow, rows)

    def midnight_after(self, now: datetime) -> datetime:
        tomorrow = now.astimezone(self._zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), self._zone)


def part_of(row_class: type[R], rows: Sequence[asyncpg.Record]) -> DayPart[R]:
    own = [field.name for field in fields(row_class)]
    items = [Pressing(row_class(**{name: row[name] for name in own}), row["tier_now"], row["hurts"]) for row in rows]
    return DayPart(rows[0]["total"] if rows else 0, items)
