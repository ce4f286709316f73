"""Asking for a tier, and publishing what leads to one."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from chassis.commands.command import Command, FactCommand
from chassis.versions.decider import Publication
from contracts.customer import TierBasis, TierDecision, TierRule
from contracts.customer.tiers import MAX_TIERS, WindowDays
from contracts.field_error import FieldError
from contracts.money import KnownCurrency
from contracts.types import Code


class SetTier(FactCommand):
    """Put the customer into a tier by hand; it stays there until it is released."""

    scheme: Code = "default"
    tier: Code


class PutIntoTier(SetTier):
    """`offered` are the tiers of the scheme as it is in force."""

    offered: tuple[str, ...]


class ReleaseTier(FactCommand):
    """Let the rules of the scheme find the tier again."""

    scheme: Code = "default"


class ConfirmTier(FactCommand):
    """Take the tier that the rules propose."""

    scheme: Code = "default"


class RefuseTier(FactCommand):
    """Leave the customer in its tier, whatever the rules propose."""

    scheme: Code = "default"


class AssessTier(Command):
    """The rules lead to `tier`. `proposes`: somebody has to confirm it."""

    scheme: str
    tier: str
    proposes: bool
    basis: TierBasis


TierCommand = SetTier | ReleaseTier | ConfirmTier | RefuseTier | AssessTier


class TierRuleGiven(TierRule):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class TierScheme(Publication):
    """The tiers from the highest to the last, which takes everybody who is left and so has no `when`."""

    decision: TierDecision = TierDecision.PROPOSED
    window_days: WindowDays = 365
    currency: KnownCurrency = "CNY"
    tiers: Annotated[tuple[TierRuleGiven, ...], Field(max_length=MAX_TIERS)]

    @model_validator(mode="after")
    def each_tier_once(self) -> Self:
        if len({rule.tier for rule in self.tiers}) != len(self.tiers):
            raise FieldError("each tier stands in the scheme once", "每个分层在方案中只出现一次")
        return self

    @model_validator(mode="after")
    def last_takes_the_rest(self) -> Self:
        if not self.tiers:
            raise FieldError("a scheme has at least one tier", "方案至少包含一个分层")
        *others, last = self.tiers
        if last.when is not None or any(rule.when is None for rule in others):
            raise FieldError(
                "every tier but the last needs a `when`, and the last has none",
                "除最后一个外，每个分层都需要 `when`；最后一个没有",
            )
        return self
