"""What the customer complains of, until the customer is content. Due times follow the work calendar they name."""

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
    """By which door a complaint came in."""

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
    """Whoever receives a complaint owns it until it is assigned to somebody else."""

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
    """The complaint weighs more, or less, than was thought; what was used of its time stays used."""

    type: Literal["care.followup.complaint-reclassified.v1"] = "care.followup.complaint-reclassified.v1"
    previous: Severity
    severity: Severity
    reason: Code


class ComplaintAssigned(Event):
    """Somebody else answers for it. With a `reason` it passed on with its customer, and is where it was otherwise.

    `assignment` is the rule of the policy `policy_number` that named the owner, where a rule did;
    `stands_in_for` is the customer's owner, who is away when the answer is due.
    """

    type: Literal["care.followup.complaint-assigned.v1"] = "care.followup.complaint-assigned.v1"
    previous_owner_id: EmployeeId
    owner_id: EmployeeId
    reason: Code | None = None
    assignment: Assignment | None = None
    policy_number: int | None = Field(default=None, ge=1)
    stands_in_for: EmployeeId | None = None


class ComplaintPaused(Event):
    """The clock stands still, with so much work time used, until the complaint is resumed."""

    type: Literal["care.followup.complaint-paused.v1"] = "care.followup.complaint-paused.v1"
    reason: Code
    used_seconds: int = Field(ge=0)


class ComplaintResumed(Event):
    type: Literal["care.followup.complaint-resumed.v1"] = "care.followup.complaint-resumed.v1"


class ComplaintAnswered(Event):
    """`answered_in_time` is said of the first answer on a clock; `resolved_in_time` would be, if it settles it."""

    type: Literal["care.followup.complaint-answered.v1"] = "care.followup.complaint-answered.v1"
    employee_id: EmployeeId
    content_ref: UUID | None = None
    answered_in_time: bool | None = None
    resolved_in_time: bool | None = None


class ComplaintCommunicated(Event):
    """The customer was told the result. No word for `consent_workdays`, until `consent_at`, counts as consent."""

    type: Literal["care.followup.complaint-communicated.v1"] = "care.followup.complaint-communicated.v1"
    channel: Channel
    consent_at: Instant
    consent_workdays: int = Field(ge=1)


class ComplaintConfirmed(Event):
    """The customer said that the answer settles it."""

    type: Literal["care.followup.complaint-confirmed.v1"] = "care.followup.complaint-confirmed.v1"


class ComplaintConsented(Event):
    """The customer, who was told the result, has said nothing for so many workdays, as of then."""

    type: Literal["care.followup.complaint-consented.v1"] = "care.followup.complaint-consented.v1"
    workdays: int = Field(ge=1)
    as_of: Instant


class ComplaintClosed(Event):
    """`resolved_in_time` is the verdict on this clock; no reopening changes it."""

    type: Literal["care.followup.complaint-closed.v1"] = "care.followup.complaint-closed.v1"
    resolution: Code | None = None
    resolved_in_time: bool | None = None


class ComplaintReopened(Event):
    """A new clock begins; what was said of the earlier one stands. `owner_id` answers for the complaint still."""

    type: Literal["care.followup.complaint-reopened.v1"] = "care.followup.complaint-reopened.v1"
    reason: Code
    owner_id: EmployeeId | None = None


class Target(Event):
    """What is promised: so much work time, counted from `started_at` on, when `used_seconds` were used already."""

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
    """A clock begins."""

    type: Literal["care.followup.complaint-target-set.v1"] = "care.followup.complaint-target-set.v1"


class ComplaintTargetChanged(Target):
    """The clock goes on towards other times, after a pause or under other terms; what was used stays used."""

    type: Literal["care.followup.complaint-target-changed.v1"] = "care.followup.complaint-target-changed.v1"


ComplaintEvent = (
    ComplaintRaised
    | ComplaintAssigned
    | ComplaintPaused
    | ComplaintResumed
    | ComplaintAnswered
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
    """The `number`th complaint of a customer on one topic or product within so many days; `first_id` began."""

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
    """Somebody above has to look at it. Complaints that are linked escalate as one, once.

    A late one escalates by itself, for its answer (level 1) and for its resolution (2), which were due at `due_at`;
    `round` is how often it had been reopened.
    """

    type: Literal["care.followup.complaint-escalated.v1"] = "care.followup.complaint-escalated.v1"
    complaint_id: UUID
    first_id: UUID
    level: int = Field(ge=1)
    because: EscalationReason
    round: int = Field(default=0, ge=0)
    due_at: Instant | None = None


RepeatEvent = ComplaintLinked | ComplaintEscalated
