"""The events that the alerts service publishes: an alert was raised, cleared or withdrawn."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import Event
from contracts.types import Code, EmployeeId, Instant, Name

MAX_SUMMARY = 1024
MAX_DEDUP_KEY = 255

Summary = Annotated[str, Field(max_length=MAX_SUMMARY)]


class Status(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


class AlertSeverity(StrEnum):
    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class AlertState(BaseModel):
    """The state of an alert.

    `dedup_key` identifies the alert and does not change from raised to resolved. It consists of the rule, the
    customer and the start of the episode. `silent_since` is the start of the episode, `starts_at` the time at which
    the rule was violated. `owner_id` is the employee who has to act, `customer_owner_id` the owner of the customer
    and `leader_id` the leader of that owner. `value` and `threshold` are in seconds. `causes` are the ids of the
    events that led to the alert.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    alert_id: UUID
    dedup_key: Annotated[str, Field(max_length=MAX_DEDUP_KEY)]
    status: Status
    severity: AlertSeverity
    rule_id: Code
    rule_version: int
    summary: Summary
    summary_zh: Summary
    silent_since: Instant
    starts_at: Instant
    ends_at: Instant | None = None
    updated_at: Instant
    value: int
    threshold: int
    occurrences: int = 1
    escalation_level: int = 0
    owner_id: EmployeeId | None = None
    customer_owner_id: EmployeeId | None = None
    leader_id: EmployeeId | None = None
    customer_name: Name | None = None
    source: str = "/care/alerts"
    component: Code
    alert_class: Code = "silence"
    labels: dict[str, str] = Field(default_factory=dict)
    links: tuple[str, ...] = ()
    concerns_id: UUID | None = None
    causes: tuple[UUID, ...] = ()


class AlertEvent(AlertState, Event):
    """The state of an alert after a transition; every event contains all fields."""


class AlertRaised(AlertEvent):
    """An alert was raised, because the condition of a rule is met."""

    type: Literal["care.alert.raised.v1"] = "care.alert.raised.v1"
    status: Literal[Status.FIRING] = Status.FIRING


class AlertCleared(AlertEvent):
    """The alert was resolved: what was missing was done, or the rule no longer applies to the customer."""

    type: Literal["care.alert.cleared.v1"] = "care.alert.cleared.v1"
    status: Literal[Status.RESOLVED] = Status.RESOLVED


class AlertWithdrawn(AlertEvent):
    """The alert was withdrawn, because an event that was recorded late shows that it was wrong."""

    type: Literal["care.alert.withdrawn.v1"] = "care.alert.withdrawn.v1"
    status: Literal[Status.RESOLVED] = Status.RESOLVED


AnyEvent = Annotated[AlertRaised | AlertCleared | AlertWithdrawn, Field(discriminator="type")]
