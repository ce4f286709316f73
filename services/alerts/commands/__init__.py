"""The commands of the alerts service, validated before they reach their deciders."""

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
    "PublishRule",
    "RetireRule",
    "RuleContent",
    "RuleDraft",
    "RulePublication",
    "RuleRetirement",
    "RuleShadow",
    "SaveDraft",
]
