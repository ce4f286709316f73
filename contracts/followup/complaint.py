"""Events of a complaint, from raised to closed. Due times are computed by the work calendar that the event names."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Event
from contracts.followup.contact import Channel
from contracts.followup.plan import Assignment
from contracts.types import Code, EmployeeId, Instant


class Severity(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class Intake(StrEnum):
    """How a complaint was received."""

    PHONE = "phone"
    WECHAT = "wechat"
    EMAIL = "email"
    WEB_FORM = "web-form"
    ON_SITE = "on-site"
    PARTNER = "partner"
    SOCIAL_MEDIA = "social-media"
    SURVEY = "survey"
    OTHER = "other"


class ComplaintRaised(Event):
    """A complaint was raised. The employee who received it owns it until it is assigned."""

    type: Literal["care.followup.complaint-raised.v1"] = "care.followup.complaint-raised.v1"
    channel: Channel
    severity: Severity
    owner_id: EmployeeId
    topic: Code | None = None
    content_ref: UUID | None = None
    category: Code | None = None
    product: Code | None = None
    intake: Intake | None = None
    partner: Code | None = None


class ComplaintReclassified(Event):
    """The severity of a complaint was changed. The work time that was already used still counts."""

    type: Literal["care.followup.complaint-reclassified.v1"] = "care.followup.complaint-reclassified.v1"
    previous: Severity
    severity: Severity
    reason: Code


class ComplaintAssigned(Event):
    """A complaint was assigned to a new owner. A `reason` means: the customer got another owner.

    `assignment` is the rule of policy version `policy_number` that selected the owner, if a rule did. `stands_in_for`
    is the owner of the customer, if that employee is absent when the answer is due.
    """

    type: Literal["care.followup.complaint-assigned.v1"] = "care.followup.complaint-assigned.v1"
    previous_owner_id: EmployeeId
    owner_id: EmployeeId
    reason: Code | None = None
    assignment: Assignment | None = None
    policy_number: int | None = Field(default=None, ge=1)
    stands_in_for: EmployeeId | None = None


class ComplaintPaused(Event):
    """The clock of a complaint was paused. `used_seconds` is the work time used so far."""

    type: Literal["care.followup.complaint-paused.v1"] = "care.followup.complaint-paused.v1"
    reason: Code
    used_seconds: int = Field(ge=0)


class ComplaintResumed(Event):
    """The clock of a complaint was resumed. `complaint-target-changed` contains the new due times."""

    type: Literal["care.followup.complaint-resumed.v1"] = "care.followup.complaint-resumed.v1"


class ComplaintAnswered(Event):
    """A complaint was answered.

    `answered_in_time` is set for the first answer on a clock. `resolved_in_time` is the result that will count if this
    answer resolves the complaint.
    """

    type: Literal["care.followup.complaint-answered.v1"] = "care.followup.complaint-answered.v1"
    employee_id: EmployeeId
    content_ref: UUID | None = None
    answered_in_time: bool | None = None
    resolved_in_time: bool | None = None


class ComplaintAutoReplied(Event):
    """A program replied to a complaint, for example by a confirmation of receipt. This answers nothing."""

    type: Literal["care.followup.complaint-auto-replied.v1"] = "care.followup.complaint-auto-replied.v1"
    employee_id: EmployeeId
    content_ref: UUID | None = None


class ComplaintCommunicated(Event):
    """The result was communicated to the customer. No response until `consent_at` counts as consent."""

    type: Literal["care.followup.complaint-communicated.v1"] = "care.followup.complaint-communicated.v1"
    channel: Channel
    consent_at: Instant
    consent_workdays: int = Field(ge=1)


class ComplaintConfirmed(Event):
    """The customer confirmed that the complaint is resolved."""

    type: Literal["care.followup.complaint-confirmed.v1"] = "care.followup.complaint-confirmed.v1"


class ComplaintConsented(Event):
    """The customer did not respond to the result for `workdays` workdays. This counts as consent from `as_of` on."""

    type: Literal["care.followup.complaint-consented.v1"] = "care.followup.complaint-consented.v1"
    workdays: int = Field(ge=1)
    as_of: Instant


class ComplaintClosed(Event):
    """A complaint was closed. `resolved_in_time` is the result of this clock; reopening does not change it."""

    type: Literal["care.followup.complaint-closed.v1"] = "care.followup.complaint-closed.v1"
    resolution: Code | None = None
    resolved_in_time: bool | None = None


class ComplaintReopened(Event):
    """A complaint was reopened with a new clock. Results of earlier clocks do not change. `owner_id` still owns it."""

    type: Literal["care.followup.complaint-reopened.v1"] = "care.followup.complaint-reopened.v1"
    reason: Code
    owner_id: EmployeeId | None = None


class Target(Event):
    """The due times of a complaint: work time from `started_at` on, less the `used_seconds` that were used before."""

    severity: Severity
    tier: Code | None = None
    calendar: Code
    calendar_number: int = Field(ge=1)
    answer_minutes: int = Field(ge=1)
    resolve_minutes: int = Field(ge=1)
    started_at: Instant
    used_seconds: int = Field(default=0, ge=0)
    answer_by: Instant
    resolve_by: Instant
    provisional: bool = False
    policy_number: int | None = Field(default=None, ge=1)


class ComplaintTargetSet(Target):
    """The clock of a complaint started, with due times for the answer and the resolution."""

    type: Literal["care.followup.complaint-target-set.v1"] = "care.followup.complaint-target-set.v1"


class ComplaintTargetChanged(Target):
    """The due times changed: after a pause, or by another severity or calendar version. Used work time still counts."""

    type: Literal["care.followup.complaint-target-changed.v1"] = "care.followup.complaint-target-changed.v1"


ComplaintEvent = (
    ComplaintRaised
    | ComplaintAssigned
    | ComplaintPaused
    | ComplaintResumed
    | ComplaintAnswered
    | ComplaintAutoReplied
    | ComplaintCommunicated
    | ComplaintConfirmed
    | ComplaintConsented
    | ComplaintClosed
    | ComplaintReopened
    | ComplaintReclassified
    | ComplaintTargetSet
    | ComplaintTargetChanged
)


class ComplaintLinked(Event):
    """A complaint was linked to a series: complaints of the customer on the same topic or product.

    It is the `number`th complaint within `within_days` days. `first_id` is the first one, or the complaint itself.
    """

    type: Literal["care.followup.complaint-linked.v1"] = "care.followup.complaint-linked.v1"
    complaint_id: UUID
    first_id: UUID
    number: int = Field(ge=1)
    within_days: int = Field(ge=1)
    raised_at: Instant
    topic: Code | None = None
    product: Code | None = None


class EscalationReason(StrEnum):
    REPEAT = "repeat"
    LATE = "late"


class ComplaintEscalated(Event):
    """A complaint was escalated, because it is late or repeated. A series of linked complaints is escalated once.

    For a late complaint, `level` is 1 if the answer is late and 2 if the resolution is late; `due_at` is when it was
    due, and `round` is how often the complaint was reopened before.
    """

    type: Literal["care.followup.complaint-escalated.v1"] = "care.followup.complaint-escalated.v1"
    complaint_id: UUID
    first_id: UUID
    level: int = Field(ge=1)
    because: EscalationReason
    round: int = Field(default=0, ge=0)
    due_at: Instant | None = None


RepeatEvent = ComplaintLinked | ComplaintEscalated
