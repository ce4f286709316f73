"""Commands to mute a rule for a customer. The address names the rule, and the request its end and reason."""

from typing import ClassVar

from chassis.commands.command import Command
from contracts.types import Code, Instant, Note


class Mute(Command):
    """Remind nobody of alerts of a rule about a customer, until a time or without an end."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})

    until: Instant | None = None
    reason: Note


class MuteRule(Mute):
    """Mute the rule at an instant."""

    rule_id: Code
    at: Instant


class UnmuteRule(Command):
    """End the mute of the rule at an instant."""

    rule_id: Code
    at: Instant


MuteCommand = MuteRule | UnmuteRule
