"""The commands of people and of the ladder."""

from services.alerts.commands.alert import (
    Acknowledge,
    AlertCommand,
    AssignAlert,
    Comment,
    Escalate,
    Moment,
    Snooze,
    Unsnooze,
)
from services.alerts.commands.mute import Mute, MuteRule, UnmuteRule

__all__ = [
    "Acknowledge",
    "AlertCommand",
    "AssignAlert",
    "Comment",
    "Escalate",
    "Moment",
    "Mute",
    "MuteRule",
    "Snooze",
    "UnmuteRule",
    "Unsnooze",
]
