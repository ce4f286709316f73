"""Follow-up tasks of a customer."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.followup.contact import Channel
from contracts.followup.plan import Assignment
from contracts.types import Code, EmployeeId, Instant


class TaskScheduled(Event):
    """A follow-up task was scheduled for the customer: `assignee_id` must complete it by `due_at`.

    A task of a plan contains the plan and the step, and the calendar version that its day was computed with.
    `assignment` is the rule that selected the assignee, if a rule did. `stands_in_for` is the owner, if that employee
    is absent when the task is due. A task that an alert asked for contains the alert and its rule.
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
    alert_id: UUID | None = None
    alert_rule: Code | None = None


class TaskRescheduled(Event):
    """The due time of a task was changed."""

    type: Literal["care.followup.task-rescheduled.v1"] = "care.followup.task-rescheduled.v1"
    previous_due_at: Instant
    due_at: Instant
    reason_ref: UUID | None = None


class TaskReassigned(Event):
    """A task was assigned to another employee. Its due time did not change."""

    type: Literal["care.followup.task-reassigned.v1"] = "care.followup.task-reassigned.v1"
    previous_assignee_id: EmployeeId
    assignee_id: EmployeeId
    reason: Code


class TaskCompleted(Event):
    """A task was completed. `due_at` is included, so that consumers can tell whether it was on time."""

    type: Literal["care.followup.task-completed.v1"] = "care.followup.task-completed.v1"
    due_at: Instant
    employee_id: EmployeeId
    outcome: Code | None = None


class TaskCancelled(Event):
    """A task was cancelled."""

    type: Literal["care.followup.task-cancelled.v1"] = "care.followup.task-cancelled.v1"
    reason_ref: UUID | None = None


TaskEvent = TaskScheduled | TaskRescheduled | TaskReassigned | TaskCompleted | TaskCancelled
