"""Counts the follow-ups that were due in a period: on time, late and overdue, by assignee."""

from dataclasses import dataclass
from datetime import datetime

from chassis.postgres.database import Connection
from chassis.postgres.visibility import visible
from services.reporting.queries.period import Period
from services.reporting.queries.tasks import VERDICT

# An open task that is not due yet has no verdict and is not counted: it may still be completed on time.
COUNT = f"""
    SELECT v.assignee_id AS owner_id, count(*) FILTER (WHERE v.verdict = 'on-time') AS on_time,
        count(*) FILTER (WHERE v.verdict = 'late') AS late, count(*) FILTER (WHERE v.verdict = 'overdue') AS overdue,
        count(*) FILTER (WHERE v.verdict IS NULL) AS not_due_yet
    FROM (
        SELECT t.assignee_id, {VERDICT} AS verdict
        FROM task t
        WHERE t.due_at >= $2 AND t.due_at < $3 AND t.cancelled_at IS NULL
          AND ($4::text IS NULL OR t.assignee_id = $4)
          AND {visible("t.customer_id", "customer", "$5")}
    ) v GROUP BY v.assignee_id ORDER BY v.assignee_id
"""  # noqa: S608 - fixed text


@dataclass(frozen=True, slots=True)
class Tally:
    """The follow-ups of one assignee that were due in the period, each counted once."""

    owner_id: str
    on_time: int = 0
    late: int = 0
    overdue: int = 0
    not_due_yet: int = 0


async def count(
    held: Connection, period: Period, owner_id: str | None, visible_to: str | None, now: datetime
) -> list[Tally]:
    rows = await held.fetch(COUNT, now, period.begins_at, period.ends_at, owner_id, visible_to)
    return [Tally(**row) for row in rows]
