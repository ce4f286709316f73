"""Events of a quote for a customer."""

from typing import Literal

from contracts.event import Event
from contracts.money import CurrencyCode, MinorUnits
from contracts.types import Code, Word


class QuoteRequested(Event):
    """The customer asked for a quote. `category` is a product category."""

    type: Literal["care.customer.quote-requested.v1"] = "care.customer.quote-requested.v1"
    external_system: Code | None = None
    external_id: Word | None = None
    category: Word | None = None


class QuoteIssued(Event):
    """A quote was issued, or issued again with another amount. It may be the first event of a quote."""

    type: Literal["care.customer.quote-issued.v1"] = "care.customer.quote-issued.v1"
    external_system: Code | None = None
    external_id: Word | None = None
    category: Word | None = None
    amount_minor: MinorUnits
    currency: CurrencyCode


class QuoteCompared(Event):
    """The customer compared the quote with another one. `competitor` is the issuer of the other quote, if known."""

    type: Literal["care.customer.quote-compared.v1"] = "care.customer.quote-compared.v1"
    competitor: Code | None = None


QuoteEvent = QuoteRequested | QuoteIssued | QuoteCompared
