"""What is owed to the customer, by whom, by when."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.followup.contact import Channel
from contracts.followup.plan import Assignment
from contracts.types import Code, EmployeeId, Instant


class TaskScheduled(Event):
    """Something is owed to the customer by `assignee_id` until `due_at`.

    A task that a plan asks for names the plan and its step; where its day was looked for in a calendar, it names the
    calendar's version. `assignment` is the rule that named the assignee, where a rule did; `stands_in_for` is the
    owner, who is away when it is due.
    """

    type: Literal["care.followup.task-scheduled.v1"] = "care.followup.task-scheduled.v1"
    assignee_id: EmployeeId
    due_at: Instant
    purpose: Code | None = None
    content_ref: UUID | None = None
    channel: Channel | None = None
    plan_id: UUID | None = None
    plan_step: Code | None = None
    calendar: Code | None = None
    calendar_number: int | None = None
    assignment: Assignment | None = None
    stands_in_for: EmployeeId | None = None


class TaskRescheduled(Event):
    type: Literal["care.followup.task-rescheduled.v1"] = "care.followup.task-rescheduled.v1"
    previous_due_at: Instant
    due_at: Instant
    reason_ref: UUID | None = None


class TaskReassigned(Event):
    """Somebody else owes it from now on; what is owed, and by when, stays."""

    type: Literal["care.followup.task-reassigned.v1"] = "care.followup.task-reassigned.v1"
    previous_assignee_id: EmployeeId
    assignee_id: EmployeeId
    reason: Code


class TaskCompleted(Event):
    """`due_at` is repeated so that on time or late can be said from this fact alone."""

    type: Literal["care.followup.task-completed.v1"] = "care.followup.task-completed.v1"
    due_at: Instant
    employee_id: EmployeeId
    outcome: Code | None = None


class TaskCancelled(Event):
    type: Literal["care.followup.task-cancelled.v1"] = "care.followup.task-cancelled.v1"
    reason_ref: UUID | None = None


TaskEvent = TaskScheduled | TaskRescheduled | TaskReassigned | TaskCompleted | TaskCancelled
