"""The commands of the alerts service, validated before they reach their deciders."""

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
from services.alerts.commands.contact_definition import PublishContactDefinition
from services.alerts.commands.ladder import PublishLadder
from services.alerts.commands.mute import Mute, MuteRule, UnmuteRule
from services.alerts.commands.quiet_hours import PublishQuietHours
from services.alerts.commands.rule import (
    PublishRule,
    RetireRule,
    RuleContent,
    RuleDraft,
    RulePublication,
    RuleRetirement,
    RuleShadow,
    SaveDraft,
)

__all__ = [
    "Acknowledge",
    "AlertCommand",
    "AssignAlert",
    "Comment",
    "Escalate",
    "Moment",
    "Mute",
    "MuteRule",
    "PublishContactDefinition",
    "PublishLadder",
    "PublishQuietHours",
    "PublishRule",
    "RetireRule",
    "RuleContent",
    "RuleDraft",
    "RulePublication",
    "RuleRetirement",
    "RuleShadow",
    "SaveDraft",
    "Snooze",
    "UnmuteRule",
    "Unsnooze",
]
