"""Commands to record quotes."""

from pydantic import model_validator

from chassis.commands.command import FactCommand
from contracts.field_error import FieldError
from contracts.money import KnownCurrency, MinorUnits
from contracts.types import Code, Word
from services.customer.commands.reference import ExternalReference


class OpenQuote(FactCommand):
    """Record a request for a quote or, with an amount, a quote that was issued."""

    external: ExternalReference | None = None
    category: Word | None = None
    amount_minor: MinorUnits | None = None
    currency: KnownCurrency | None = None

    @model_validator(mode="after")
    def amount_with_currency(self) -> "OpenQuote":
        if (self.amount_minor is None) is not (self.currency is None):
            raise FieldError(
                "`amount_minor` and `currency` must be given together",
                "`amount_minor` 与 `currency` 须同时提供",
                "currency",
            )
        return self


class IssueQuote(FactCommand):
    """Record the quoted amount; repeat it when the amount changes."""

    amount_minor: MinorUnits
    currency: KnownCurrency


class CompareQuote(FactCommand):
    """Record that the customer compared the quote with another one."""

    competitor: Code | None = None


QuoteCommand = OpenQuote | IssueQuote | CompareQuote
