"""Facts the followup service publishes. Free text stays in the vault; `…_ref` points to it."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Event
from contracts.types import Code, EmployeeId, Instant


class Channel(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    VISIT = "visit"
    WECHAT = "wechat"
    GROUP = "group"
    EVENT = "event"
    OTHER = "other"


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Severity(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class ContactLogged(Event):
    """Somebody spoke with the customer. An `automated` touch is one nobody made: it resets no silence."""

    type: Literal["care.followup.contact-logged.v1"] = "care.followup.contact-logged.v1"
    channel: Channel
    direction: Direction
    employee_id: EmployeeId
    automated: bool = False
    purpose: Code | None = None
    outcome: Code | None = None
    content_ref: UUID | None = None
    task_id: UUID | None = None


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


class ComplaintRaised(Event):
    """Whoever receives a complaint owns it until it is assigned to somebody else."""

    type: Literal["care.followup.complaint-raised.v1"] = "care.followup.complaint-raised.v1"
    channel: Channel
    severity: Severity
    owner_id: EmployeeId
    topic: Code | None = None
    content_ref: UUID | None = None


class ComplaintAnswered(Event):
    type: Literal["care.followup.complaint-answered.v1"] = "care.followup.complaint-answered.v1"
    employee_id: EmployeeId
    content_ref: UUID | None = None


class ComplaintConfirmed(Event):
    """The customer said that the answer settles it."""

    type: Literal["care.followup.complaint-confirmed.v1"] = "care.followup.complaint-confirmed.v1"


class ComplaintClosed(Event):
    type: Literal["care.followup.complaint-closed.v1"] = "care.followup.complaint-closed.v1"
    resolution: Code | None = None


AnyEvent = Annotated[
    ContactLogged
    | TaskScheduled
    | TaskRescheduled
    | TaskCompleted
    | TaskCancelled
    | ComplaintRaised
    | ComplaintAnswered
    | ComplaintConfirmed
    | ComplaintClosed,
    Field(discriminator="type"),
]
