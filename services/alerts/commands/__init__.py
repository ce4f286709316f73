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

__all__ = ["Acknowledge", "AlertCommand", "AssignAlert", "Comment", "Escalate", "Moment", "Snooze", "Unsnooze"]
