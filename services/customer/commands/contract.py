"""Commands on contracts."""

from typing import Self, TypeVar

from pydantic import model_validator

from chassis.commands.command import FactCommand
from contracts.customer import ContractKind, RenewalIntent
from contracts.field_error import FieldError
from contracts.money import KnownCurrency, MinorUnits
from contracts.types import Code, Day, Word
from services.customer.commands.reference import ExternalReference

T = TypeVar("T", bound="Term")


class Term(FactCommand):
    """The first day, the last day and the amount of a term. Without `ends_on` it is open-ended."""

    starts_on: Day
    ends_on: Day | None = None
    amount_minor: MinorUnits
    currency: KnownCurrency

    @model_validator(mode="after")
    def end_after_start(self) -> Self:
        if self.ends_on and self.ends_on < self.starts_on:
            raise FieldError("`ends_on` is before `starts_on`", "`ends_on` 早于 `starts_on`", "ends_on")
        return self


class SignContract(Term):
    """Record a signed contract. Repeating it with the same external number adds no event."""

    external: ExternalReference | None = None
    kind: ContractKind = ContractKind.STANDARD
    renewal_intent: RenewalIntent = RenewalIntent.UNKNOWN
    document_id: Word | None = None


class StateRenewalIntent(FactCommand):
    """Record whether the customer wants to renew."""

    intent: RenewalIntent


class RenewContract(Term):
    """Record that the contract was renewed for another term."""


class EndContract(FactCommand):
    """Record that the contract has ended."""

    reason: Code


ContractCommand = SignContract | StateRenewalIntent | RenewContract | EndContract
