"""The events that the alerts service publishes."""

from contracts.alerts.mute import MuteEvent, RuleMuted, RuleUnmuted
from contracts.alerts.state import AlertSeverity, AlertState, Status, Unit
from contracts.alerts.transitions import (
    AlertAcknowledged,
    AlertAssigned,
    AlertCarriedAway,
    AlertCarriedIn,
    AlertCleared,
    AlertCommented,
    AlertEscalated,
    AlertEvent,
    AlertMoved,
    AlertRaised,
    AlertReaddressed,
    AlertSnoozed,
    AlertUnsnoozed,
    AlertWithdrawn,
    AnyEvent,
    Transition,
)

__all__ = [
    "AlertAcknowledged",
    "AlertAssigned",
    "AlertCarriedAway",
    "AlertCarriedIn",
    "AlertCleared",
    "AlertCommented",
    "AlertEscalated",
    "AlertEvent",
    "AlertMoved",
    "AlertRaised",
    "AlertReaddressed",
    "AlertSeverity",
    "AlertSnoozed",
    "AlertState",
    "AlertUnsnoozed",
    "AlertWithdrawn",
    "AnyEvent",
    "MuteEvent",
    "RuleMuted",
    "RuleUnmuted",
    "Status",
    "Transition",
    "Unit",
]
