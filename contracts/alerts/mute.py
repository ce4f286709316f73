"""Mutes of a rule for a customer: nobody is reminded. The subject is the customer. Alerts are raised as before."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code, Instant


class RuleMuted(Event):
    """A rule was muted for the customer, until `muted_until` or without an end. The reason is in the vault."""

    type: Literal["care.alert.rule-muted.v1"] = "care.alert.rule-muted.v1"
    rule_id: Code
    muted_until: Instant | None = None
    reason_ref: UUID


class RuleUnmuted(Event):
    """The mute of a rule was ended for the customer. The ladders of its open alerts continue."""

    type: Literal["care.alert.rule-unmuted.v1"] = "care.alert.rule-unmuted.v1"
    rule_id: Code


MuteEvent = RuleMuted | RuleUnmuted
