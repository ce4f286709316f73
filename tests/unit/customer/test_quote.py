"""The rules of quotes: given events, when a command, then events."""

import pytest
from pydantic import ValidationError

from contracts.customer import QuoteCompared, QuoteIssued, QuoteRequested
from services.customer.commands import CompareQuote, IssueQuote, OpenQuote
from services.customer.domain.quote import QUOTE
from tests.support.spec import Spec

quote = Spec(QUOTE)
requested = QuoteRequested(category="servers")
issued = QuoteIssued(amount_minor=500, currency="CNY")


def test_a_quote_begins_with_the_request_or_with_its_issue() -> None:
    quote.given().when(OpenQuote(category="servers")).then(requested)
    quote.given().when(OpenQuote(amount_minor=500, currency="CNY")).then(issued)


def test_a_request_is_answered_with_an_amount_once() -> None:
    quote.given(requested).when(IssueQuote(amount_minor=500, currency="CNY")).then(issued)
    quote.given(requested, issued).when(IssueQuote(amount_minor=500, currency="CNY")).then()


def test_another_amount_is_another_issue() -> None:
    again = QuoteIssued(amount_minor=400, currency="CNY")
    quote.given(requested, issued).when(IssueQuote(amount_minor=400, currency="CNY")).then(again)


def test_a_quote_recorded_again_with_an_amount_is_issued() -> None:
    quote.given(requested).when(OpenQuote(amount_minor=500, currency="CNY")).then(issued)
    quote.given(requested).when(OpenQuote(category="servers")).then()


def test_each_comparison_is_its_own_event() -> None:
    compared = QuoteCompared(competitor="cloud-b")
    quote.given(issued, compared).when(CompareQuote(competitor="cloud-b")).then(compared)


def test_what_was_not_issued_cannot_be_compared() -> None:
    quote.given(requested).when(CompareQuote()).then_rejected("quote-not-issued")
    quote.given().when(CompareQuote()).then_rejected("quote-unknown")


def test_an_amount_without_a_currency_says_nothing() -> None:
    with pytest.raises(ValidationError):
        OpenQuote(amount_minor=500)
