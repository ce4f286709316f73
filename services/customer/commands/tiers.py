"""Commands to set, release, confirm, refuse and assess tiers, and to publish a tier scheme."""

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
    """Set the tier by hand. Rules do not change it until it is released."""

    scheme: Code = "default"
    tier: Code


class PutIntoTier(SetTier):
    """`offered` are the tiers of the scheme version in force."""

    offered: tuple[str, ...]


class ReleaseTier(FactCommand):
    """Release the tier: the rules of the scheme determine it again."""

    scheme: Code = "default"


class ConfirmTier(FactCommand):
    """Confirm the proposed tier."""

    scheme: Code = "default"


class RefuseTier(FactCommand):
    """Refuse the proposed tier."""

    scheme: Code = "default"


class AssessTier(Command):
    """The result of the rules is `tier`. `proposes`: an employee has to confirm it."""

    scheme: str
    tier: str
    proposes: bool
    basis: TierBasis


TierCommand = SetTier | ReleaseTier | ConfirmTier | RefuseTier | AssessTier


class TierRuleInput(TierRule):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class TierScheme(Publication):
    """The tiers from the highest to the lowest. The last one has no `when`: it takes all other customers."""

    decision: TierDecision = TierDecision.PROPOSED
    window_days: WindowDays = 365
    currency: KnownCurrency = "CNY"
    tiers: Annotated[tuple[TierRuleInput, ...], Field(max_length=MAX_TIERS)]

    @model_validator(mode="after")
    def each_tier_once(self) -> Self:
        if len({rule.tier for rule in self.tiers}) != len(self.tiers):
            raise FieldError("each tier can be in the scheme only once", "每个分层在方案中只出现一次")
        return self

    @model_validator(mode="after")
    def last_takes_the_rest(self) -> Self:
        if not self.tiers:
            raise FieldError("a scheme has at least one tier", "方案至少包含一个分层")
        *others, last = self.tiers
        if last.when is not None or any(rule.when is None for rule in others):
            raise FieldError(
                "every tier except the last requires a `when`; the last must not have one",
                "除最后一个外，每个分层都须填写 `when`；最后一个不得填写",
            )
        return self
