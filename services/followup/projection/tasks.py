"""The list of follow-up tasks, updated from their events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import followup as events
from contracts.event import Envelope
from services.followup.domain import task
from services.followup.domain.task import TaskState
from services.followup.projection.by_stream import keep


@dataclass(frozen=True, slots=True)
class TaskRow:
    """`reason_ref` points to the reason of the last rescheduling or of the cancellation.

    `was_on_time` is set when the task is completed.
    """

    task_id: UUID
    version: int
    customer_id: UUID
    assignee_id: str
    due_at: datetime
    purpose: str | None
    content_ref: UUID | None
    channel: str | None
    plan_id: UUID | None
    plan_step: str | None
    calendar: str | None
    calendar_number: int | None
    assignment: str | None
    stands_in_for: str | None
    alert_id: UUID | None
    alert_rule: str | None
    scheduled_at: datetime
    state: str = TaskState.OPEN
    reason_ref: UUID | None = None
    outcome: str | None = None
    completed_by: str | None = None
    was_on_time: bool | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None


TASKS = Rows("task", TaskRow, "task_id")
TABLES = ("task",)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    await keep(TASKS, project, [each for each in envelopes if isinstance(each.event, task.Event)], held)


def project(row: TaskRow | None, envelope: Envelope[task.Event]) -> TaskRow:
    """Return the row of a task after one event."""
    event, at = envelope.event, envelope.occurred_at
    if isinstance(event, events.TaskScheduled):
        return first_row(envelope, event)
    if row is None:
        raise LookupError("a task's first event must be its scheduling")
    row = replace(row, version=envelope.version)
    match event:
        case events.TaskRescheduled(due_at=due_at, reason_ref=reason_ref):
            return replace(row, due_at=due_at, reason_ref=reason_ref)
        case events.TaskReassigned(assignee_id=assignee_id):
            return replace(row, assignee_id=assignee_id)
        case events.TaskCompleted(due_at=due_at, employee_id=employee_id, outcome=outcome):
            done = replace(row, state=TaskState.COMPLETED, completed_by=employee_id, outcome=outcome)
            return replace(done, completed_at=at, was_on_time=at <= due_at)
        case events.TaskCancelled(reason_ref=reason_ref):
            return replace(row, state=TaskState.CANCELLED, reason_ref=reason_ref, cancelled_at=at)


def first_row(envelope: Envelope[task.Event], event: events.TaskScheduled) -> TaskRow:
    return TaskRow(
        task_id=envelope.stream_id,
        version=envelope.version,
        customer_id=envelope.subject,
        scheduled_at=envelope.occurred_at,
        **event.model_dump(exclude={"type"}),
    )
