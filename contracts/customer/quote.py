"""What a customer was offered, and with whom it compares."""

from typing import Literal

from contracts.event import Event
from contracts.money import CurrencyCode, MinorUnits
from contracts.types import Code, Word


class QuoteRequested(Event):
    """The customer asked what something costs; `category` is a product category."""

    type: Literal["care.customer.quote-requested.v1"] = "care.customer.quote-requested.v1"
    external_system: Code | None = None
    external_id: Word | None = None
    category: Code | None = None


class QuoteIssued(Event):
    """The customer was told an amount. A quote may begin with it, and may be issued anew with another amount."""

    type: Literal["care.customer.quote-issued.v1"] = "care.customer.quote-issued.v1"
    external_system: Code | None = None
    external_id: Word | None = None
    category: Code | None = None
    amount_minor: MinorUnits
    currency: CurrencyCode


class QuoteCompared(Event):
    """The customer holds the quote against another one; `competitor` is whose, where that is known."""

    type: Literal["care.customer.quote-compared.v1"] = "care.customer.quote-compared.v1"
    competitor: Code | None = None


QuoteEvent = QuoteRequested | QuoteIssued | QuoteCompared
