"""Facts the alerts service publishes: an episode of silence or trouble opened, ended, or was disproved."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

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


class AlertEvent(Event):
    """The alert as receivers know it; every transition carries it whole.

    `dedup_key` is stable from raise to resolve and made from rule, customer and episode start, never from
    a display name. `starts_at` is when the rule was broken, `silent_since` when the stretch began.
    `owner_id` is who has to act; `customer_owner_id` answers for the customer and `leader_id` leads that one.
    `value` and `threshold` are seconds. `causes` are the ids of the events the finding stands on.
    """

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


class AlertRaised(AlertEvent):
    type: Literal["care.alert.raised.v1"] = "care.alert.raised.v1"
    status: Literal[Status.FIRING] = Status.FIRING


class AlertCleared(AlertEvent):
    """What was owed has been done: the episode is over."""

    type: Literal["care.alert.cleared.v1"] = "care.alert.cleared.v1"
    status: Literal[Status.RESOLVED] = Status.RESOLVED


class AlertWithdrawn(AlertEvent):
    """A fact recorded late shows that the alert should never have been raised."""

    type: Literal["care.alert.withdrawn.v1"] = "care.alert.withdrawn.v1"
    status: Literal[Status.RESOLVED] = Status.RESOLVED


AnyEvent = Annotated[AlertRaised | AlertCleared | AlertWithdrawn, Field(discriminator="type")]
