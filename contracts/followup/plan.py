"""What is planned for a customer: templates as data in whole versions (ADR 0008), and the plans they became."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.customer import Mode
from contracts.event import Event
from contracts.followup.contact import Channel
from contracts.types import Code, EmployeeId, Instant, Word
from contracts.version import Published

MAX_STEPS = 50
MAX_TRIGGERS = 10
MAX_TEAM = 100
MAX_TIERS = 20
MAX_OFFSET = 3_660

Tiers = Annotated[tuple[Code, ...], Field(max_length=MAX_TIERS)]
Team = Annotated[tuple[EmployeeId, ...], Field(max_length=MAX_TEAM)]
Offset = Annotated[int, Field(ge=-MAX_OFFSET, le=MAX_OFFSET)]


class OffsetUnit(StrEnum):
    DAYS = "days"
    WORKDAYS = "workdays"
    MONTHS = "months"


class Assignment(StrEnum):
    OWNER = "owner"
    ROUND_ROBIN = "round-robin"
    LEAST_LOADED = "least-loaded"


class PlanTrigger(BaseModel):
    """A fact of type `event`; where `field` is named, only one that says `value` there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event: Word
    field: Word | None = None
    value: Word | None = None


class PlanStep(BaseModel):
    """What is to be done `offset` after the plan's anchor, for customers of these tiers; of any, where none is named.

    One that `repeats` comes again after each further `offset`, until the plan ends.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Code
    offset: Offset
    unit: OffsetUnit = OffsetUnit.DAYS
    repeats: bool = False
    tiers: Tiers = ()
    purpose: Code
    channel: Channel | None = None
    assign: Assignment = Assignment.OWNER
    team: Team = ()


class PlanTemplatePublished(Published):
    """A whole new version. Its plans hold for customers in `mode`, in any where none is named.

    With `once`, a customer has at most one of its plans at a time; else every fact that starts one starts another.
    `anchor` names the field of the starting fact that steps count from; without one they count from when it occurred.
    """

    type: Literal["care.followup.plan-template-published.v1"] = "care.followup.plan-template-published.v1"
    name: Code
    mode: Mode | None = None
    starts_on: tuple[PlanTrigger, ...]
    anchor: Word | None = None
    steps: tuple[PlanStep, ...]
    ends_on: tuple[PlanTrigger, ...] = ()
    once: bool = False
    calendar: Code = "china-office"


class PlanStarted(Event):
    """From now on the customer is followed up as version `number` of `template` says, counted from `anchor_at`."""

    type: Literal["care.followup.plan-started.v1"] = "care.followup.plan-started.v1"
    template: Code
    number: int
    anchor_id: UUID
    anchor_at: Instant
    tier: Code | None = None


class PlanChanged(Event):
    """What is still open goes on under this version and tier; what has been done stands."""

    type: Literal["care.followup.plan-changed.v1"] = "care.followup.plan-changed.v1"
    number: int
    tier: Code | None = None
    reason: Code


class PlanEnded(Event):
    type: Literal["care.followup.plan-ended.v1"] = "care.followup.plan-ended.v1"
    reason: Code


PlanTemplateEvent = PlanTemplatePublished
PlanEvent = PlanStarted | PlanChanged | PlanEnded
