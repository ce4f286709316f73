"""The row of a task after one more event."""

from dataclasses import replace
from typing import Any

from contracts import followup as events
from contracts.event import Envelope
from tests.oracles.reporting.rows import TaskRow


def evolve(row: TaskRow | None, envelope: Envelope[Any]) -> TaskRow | None:
    event = envelope.event
    if isinstance(event, events.TaskScheduled):
        return scheduled(envelope, event)
    if row is None:
        return None
    match event:
        case events.TaskRescheduled(due_at=due_at):
            return replace(row, due_at=due_at, rescheduled_times=row.rescheduled_times + 1)
        case events.TaskReassigned(assignee_id=assignee_id):
            return replace(row, assignee_id=assignee_id, reassigned_times=row.reassigned_times + 1)
        case events.TaskCompleted():
            return completed(row, envelope, event)
        case events.TaskCancelled():
            return replace(row, cancelled_at=envelope.occurred_at)
        case _:
            raise TypeError(type(event))


def scheduled(envelope: Envelope[Any], event: events.TaskScheduled) -> TaskRow:
    return TaskRow(
        task_id=envelope.stream_id,
        customer_id=envelope.subject,
        assignee_id=event.assignee_id,
        purpose=event.purpose,
        scheduled_at=envelope.occurred_at,
        first_due_at=event.due_at,
        due_at=event.due_at,
        channel=event.channel,
        plan_id=event.plan_id,
        plan_step=event.plan_step,
    )


def completed(row: TaskRow, envelope: Envelope[Any], event: events.TaskCompleted) -> TaskRow:
    """A task that is completed exactly at its due time is on time."""
    return replace(
        row,
        due_at=event.due_at,
        completed_at=envelope.occurred_at,
        completed_by=event.employee_id,
        outcome=event.outcome,
        was_on_time=envelope.occurred_at <= event.due_at,
    )
