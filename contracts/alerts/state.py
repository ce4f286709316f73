"""The state of an alert, as each of its events contains it."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.types import Code, EmployeeId, Instant, Name

MAX_SUMMARY = 1024
MAX_DEDUP_KEY = 255

Summary = Annotated[str, Field(max_length=MAX_SUMMARY)]


class Status(StrEnum):
    """An alert is open while it is `firing` or `acknowledged`."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class AlertSeverity(StrEnum):
    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Unit(StrEnum):
    SECONDS = "seconds"
    COUNT = "count"
    PERCENT = "percent"


class Delivery(StrEnum):
    """`digest`: it is delivered in a digest, because it was overdue already when its rule was published."""

    AT_ONCE = "at-once"
    DIGEST = "digest"


class CareRequest(BaseModel):
    """A task that followup is to schedule for the customer. Without `assignee_id`, the customer's owner gets it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    purpose: Code
    due_at: Instant
    assignee_id: EmployeeId | None = None


class AlertState(BaseModel):
    """The state of an alert.

    `dedup_key` identifies the alert and does not change from raised to resolved. It consists of the rule, the
    customer and the start of the episode. `silent_since` is the start of the episode, `starts_at` the time at which
    the rule was violated. `owner_id` is the employee who has to act, `customer_owner_id` the owner of the customer
    and `leader_id` the leader of that owner. `value` and `threshold` are in seconds, or counts if `unit` is `count`,
    or percent if it is `percent`. `causes` are the ids of the events that led to the alert.

    `assigned_by` is who assigned the alert to `owner_id` by hand; a change of the customer's owner then leaves it as it
    is. `origin_customer_id` is the customer under which it was raised, while it is carried to another one. Until
    `snoozed_until`, nobody is reminded. `escalation_level` is the last rung of the ladder that was reached. `care` is
    the task that the rule asks for.
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
    unit: Unit = Unit.SECONDS
    occurrences: int = 1
    escalation_level: int = 0
    acknowledged_by: EmployeeId | None = None
    acknowledged_at: Instant | None = None
    assigned_by: EmployeeId | None = None
    snoozed_until: Instant | None = None
    owner_id: EmployeeId | None = None
    customer_owner_id: EmployeeId | None = None
    leader_id: EmployeeId | None = None
    customer_name: Name | None = None
    source: str = "/care/alerts"
    component: Code
    alert_class: Code = "silence"
    delivery: Delivery = Delivery.AT_ONCE
    labels: dict[str, str] = Field(default_factory=dict)
    links: tuple[str, ...] = ()
    concerns_id: UUID | None = None
    origin_customer_id: UUID | None = None
    causes: tuple[UUID, ...] = ()
    care: CareRequest | None = None
