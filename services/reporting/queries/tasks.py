"""Reads follow-up tasks. Every figure uses the definitions of on time, late and overdue in this module."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Connection
from chassis.postgres.visibility import ids_of, visible
from contracts.types import EmployeeId, Instant

# $1 is now. A task that is cancelled, or not due yet, has no verdict.
STATE = """
    CASE WHEN t.cancelled_at IS NOT NULL THEN 'cancelled' WHEN t.completed_at IS NOT NULL THEN 'completed'
        ELSE 'open' END
"""
VERDICT = """
    CASE WHEN t.cancelled_at IS NOT NULL THEN NULL WHEN t.was_on_time THEN 'on-time'
        WHEN t.completed_at IS NOT NULL THEN 'late' WHEN t.due_at < $1::timestamptz THEN 'overdue' END
"""
LIST = f"""
    SELECT t.task_id AS id, t.customer_id, t.assignee_id, t.purpose, t.scheduled_at, t.first_due_at, t.due_at,
        t.rescheduled_times, t.completed_at, t.completed_by, t.outcome, t.cancelled_at,
        {STATE} AS state, {VERDICT} AS verdict
    FROM task t
    WHERE ($2::timestamptz IS NULL OR (t.due_at, t.task_id) > ($2, $3::uuid))
      AND ($4::uuid IS NULL OR t.customer_id = {ids_of("customer", "$4::uuid")})
      AND ($5::text IS NULL OR t.assignee_id = $5)
      AND ($6::text IS NULL OR {STATE} = $6)
      AND ($7::text IS NULL OR {VERDICT} = $7)
      AND ($8::boolean IS NULL OR $8 = ({VERDICT} IS NOT NULL))
      AND ($9::timestamptz IS NULL OR t.due_at >= $9)
      AND ($10::timestamptz IS NULL OR t.due_at < $10)
      AND {visible("t.customer_id", "customer", "$11")}
    ORDER BY t.due_at, t.task_id LIMIT $12
"""  # noqa: S608 - fixed text


class TaskState(StrEnum):
    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Verdict(StrEnum):
    ON_TIME = "on-time"
    LATE = "late"
    OVERDUE = "overdue"


class TaskView(BaseModel):
    """A follow-up with its state and verdict at the time of reading."""

    id: UUID
    customer_id: UUID
    assignee_id: str
    purpose: str | None
    scheduled_at: datetime
    first_due_at: datetime
    due_at: datetime
    rescheduled_times: int
    completed_at: datetime | None
    completed_by: str | None
    outcome: str | None
    cancelled_at: datetime | None
    state: TaskState
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class TaskFilters:
    """The filters of the list. `owner_id` is the assignee; `due_from` is included, `due_to` is not."""

    customer_id: UUID | None = None
    owner_id: EmployeeId | None = None
    state: TaskState | None = None
    verdict: Verdict | None = None
    has_verdict: bool | None = None
    due_from: Instant | None = None
    due_to: Instant | None = None


async def page(
    held: Connection, filters: TaskFilters, visible_to: str | None, cursor: list[str] | None, size: int, now: datetime
) -> list[TaskView]:
    """Return up to `size` + 1 tasks in the order in which they are due."""
    after, task_id = (datetime.fromisoformat(cursor[0]), UUID(cursor[1])) if cursor else (None, None)
    rows = await held.fetch(
        LIST,
        now,
        after,
        task_id,
        filters.customer_id,
        filters.owner_id,
        filters.state,
        filters.verdict,
        filters.has_verdict,
        filters.due_from,
        filters.due_to,
        visible_to,
        size + 1,
    )
    return [TaskView(**row) for row in rows]


def cursor_of(task: TaskView) -> list[str]:
    return [task.due_at.isoformat(), str(task.id)]
