"""What is owed to the customer, by whom, by when."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code, EmployeeId, Instant


class TaskScheduled(Event):
    """Something is owed to the customer by `assignee_id` until `due_at`."""

    type: Literal["care.followup.task-scheduled.v1"] = "care.followup.task-scheduled.v1"
    assignee_id: EmployeeId
    due_at: Instant
    purpose: Code | None = None
    content_ref: UUID | None = None


class TaskRescheduled(Event):
    type: Literal["care.followup.task-rescheduled.v1"] = "care.followup.task-rescheduled.v1"
    previous_due_at: Instant
    due_at: Instant
    reason_ref: UUID | None = None


class TaskCompleted(Event):
    """`due_at` is repeated so that on time or late can be said from this fact alone."""

    type: Literal["care.followup.task-completed.v1"] = "care.followup.task-completed.v1"
    due_at: Instant
    employee_id: EmployeeId
    outcome: Code | None = None


class TaskCancelled(Event):
    type: Literal["care.followup.task-cancelled.v1"] = "care.followup.task-cancelled.v1"
    reason_ref: UUID | None = None


TaskEvent = TaskScheduled | TaskRescheduled | TaskCompleted | TaskCancelled
