"""Versions of plan templates (ADR 0008), and the plans of customers that are based on them."""

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
    """An event of type `event`. If `field` is given, its value must be `value`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event: Word
    field: Word | None = None
    value: Word | None = None


class PlanStep(BaseModel):
    """A task that is due at `offset` after the anchor of the plan. Without `tiers`, it applies to all customers.

    If it `repeats`, it is due again after each further `offset`, until the plan ends.
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
    """A new version of a plan template was published. Without `mode`, it applies to customers in every mode.

    With `once`, a customer has at most one plan of this template at a time; otherwise every event that matches
    `starts_on` starts a plan. `anchor` is the field of that event that offsets count from; the default is its
    `occurred_at`.
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
    """A plan was started for the customer, by version `number` of `template`. Offsets count from `anchor_at`."""

    type: Literal["care.followup.plan-started.v1"] = "care.followup.plan-started.v1"
    template: Code
    number: int
    anchor_id: UUID
    anchor_at: Instant
    tier: Code | None = None


class PlanChanged(Event):
    """The template version or the tier of a plan changed. Open steps follow it; completed steps do not change."""

    type: Literal["care.followup.plan-changed.v1"] = "care.followup.plan-changed.v1"
    number: int
    tier: Code | None = None
    reason: Code


class PlanEnded(Event):
    """A plan ended. Its open tasks are cancelled."""

    type: Literal["care.followup.plan-ended.v1"] = "care.followup.plan-ended.v1"
    reason: Code


PlanTemplateEvent = PlanTemplatePublished
PlanEvent = PlanStarted | PlanChanged | PlanEnded
