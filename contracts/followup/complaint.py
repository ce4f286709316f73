"""What the customer complains of, until the customer is content."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.followup.contact import Channel
from contracts.types import Code, EmployeeId


class Severity(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


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


ComplaintEvent = ComplaintRaised | ComplaintAnswered | ComplaintConfirmed | ComplaintClosed
