"""The transitions of an alert. Each event contains the whole state after it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.alerts.care import CareReported
from contracts.alerts.contact_definition import ContactDefinitionPublished
from contracts.alerts.ladder import LadderPublished
from contracts.alerts.mute import RuleMuted, RuleUnmuted
from contracts.alerts.quiet_hours import QuietHoursPublished
from contracts.alerts.rule import RuleDrafted, RulePublished, RuleRetired
from contracts.alerts.state import AlertState, Status
from contracts.event import Event
from contracts.types import Code, EmployeeId, Instant


class AlertEvent(AlertState, Event):
    """The state of an alert after a transition; every event contains all fields."""


class Notice(AlertEvent):
    """A transition of which people are told. Until `deliver_after`, deliverers wait: it arose in the quiet hours."""

    deliver_after: Instant | None = None


class AlertRaised(Notice):
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


class AlertMoved(AlertEvent):
    """The beginning of the alert moved, because an event was recorded late. The alert stays open."""

    type: Literal["care.alert.moved.v1"] = "care.alert.moved.v1"
    previous_silent_since: Instant


class AlertReaddressed(Notice):
    """Another employee has to act, because the owner of the customer, the task or the complaint changed."""

    type: Literal["care.alert.readdressed.v1"] = "care.alert.readdressed.v1"
    previous_owner_id: EmployeeId | None = None


class AlertCarriedAway(AlertEvent):
    """The customer was merged into another one, or a merge was undone: the alert continues under `to_customer_id`."""

    type: Literal["care.alert.carried-away.v1"] = "care.alert.carried-away.v1"
    to_customer_id: UUID


class AlertCarriedIn(AlertEvent):
    """The alert of `from_customer_id` continues under this customer, with the same id and the same handling."""

    type: Literal["care.alert.carried-in.v1"] = "care.alert.carried-in.v1"
    from_customer_id: UUID


class AlertAcknowledged(AlertEvent):
    """An employee acknowledged the alert. Nobody is reminded of it any more."""

    type: Literal["care.alert.acknowledged.v1"] = "care.alert.acknowledged.v1"
    status: Literal[Status.ACKNOWLEDGED] = Status.ACKNOWLEDGED


class AlertAssigned(AlertEvent):
    """The alert was assigned to an employee by hand."""

    type: Literal["care.alert.assigned.v1"] = "care.alert.assigned.v1"
    previous_owner_id: EmployeeId | None = None


class AlertCommented(AlertEvent):
    """A comment was added to the alert. Its text is in the vault."""

    type: Literal["care.alert.commented.v1"] = "care.alert.commented.v1"
    comment_ref: UUID


class AlertSnoozed(AlertEvent):
    """Until `snoozed_until`, nobody is reminded of the alert. The reason is in the vault."""

    type: Literal["care.alert.snoozed.v1"] = "care.alert.snoozed.v1"
    reason_ref: UUID


class AlertUnsnoozed(AlertEvent):
    """The snooze was ended by hand. The ladder continues."""

    type: Literal["care.alert.unsnoozed.v1"] = "care.alert.unsnoozed.v1"


class AlertEscalated(Notice):
    """The alert reached the next rung of its ladder, `escalation_level`: `employee_ids` are reminded of it."""

    type: Literal["care.alert.escalated.v1"] = "care.alert.escalated.v1"
    rung: Code
    employee_ids: tuple[EmployeeId, ...] = ()


Transition = (
    AlertRaised
    | AlertCleared
    | AlertWithdrawn
    | AlertMoved
    | AlertReaddressed
    | AlertCarriedAway
    | AlertCarriedIn
    | AlertAcknowledged
    | AlertAssigned
    | AlertCommented
    | AlertSnoozed
    | AlertUnsnoozed
    | AlertEscalated
)
AnyEvent = Annotated[
    Transition
    | CareReported
    | RuleDrafted
    | RulePublished
    | RuleRetired
    | LadderPublished
    | QuietHoursPublished
    | ContactDefinitionPublished
    | RuleMuted
    | RuleUnmuted,
    Field(discriminator="type"),
]
