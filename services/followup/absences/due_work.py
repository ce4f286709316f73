"""The work that is due during an absence."""

from chassis.postgres.database import Pool
from chassis.postgres.visibility import holds
from services.followup.domain.complaint import SETTLED, UNANSWERED
from services.followup.projection.absences import AbsenceRow
from services.followup.projection.complaints import ComplaintRow
from services.followup.projection.tasks import TaskRow
from services.followup.queries.paging import columns_of

VISIBLE = f"""
    ($1::text IS NULL OR EXISTS (
        SELECT FROM customer_ref c WHERE c.customer_id = {{owed}}.customer_id AND {holds("c", "$1")}))
"""
# Names come from our own classes, never from a request.
TASKS = f"""
    SELECT count(*) OVER () AS total, {columns_of(TaskRow)} FROM task
    WHERE state = 'open' AND assignee_id = $2 AND due_at >= $3 AND due_at < $4 AND {VISIBLE.format(owed="task")}
    ORDER BY due_at, task_id LIMIT $5
"""  # noqa: S608
# The next target: the answer until there is one, then the resolution.
BY = "least(CASE WHEN state = ANY($6) THEN answer_by END, resolve_by)"
COMPLAINTS = f"""
    SELECT count(*) OVER () AS total, {columns_of(ComplaintRow)} FROM complaint
    WHERE owner_id = $2 AND state <> ALL($7) AND {BY} >= $3 AND {BY} < $4 AND {VISIBLE.format(owed="complaint")}
    ORDER BY {BY}, complaint_id LIMIT $5
"""  # noqa: S608


class DueWork:
    """Reads the open work of an absent employee: the total, and the first items."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def tasks(self, absence: AbsenceRow, visible_to: str | None, limit: int) -> tuple[int, list[TaskRow]]:
        rows = await self._pool.fetch(TASKS, visible_to, *window(absence), limit)
        found = [TaskRow(**{name: value for name, value in row.items() if name != "total"}) for row in rows]
        return (rows[0]["total"] if rows else 0), found

    async def complaints(
        self, absence: AbsenceRow, visible_to: str | None, limit: int
    ) -> tuple[int, list[ComplaintRow]]:
        states = (list(UNANSWERED), list(SETTLED))
        rows = await self._pool.fetch(COMPLAINTS, visible_to, *window(absence), limit, *states)
        found = [ComplaintRow(**{name: value for name, value in row.items() if name != "total"}) for row in rows]
        return (rows[0]["total"] if rows else 0), found


def window(absence: AbsenceRow) -> tuple[object, ...]:
    return absence.employee_id, absence.starts_at, absence.ends_at
