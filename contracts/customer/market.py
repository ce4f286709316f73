"""What is known about a customer: competitors that court it, customers that it brought, its own news."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code


class CompetitorSeen(Event):
    """A competitor was met at the customer; `is_cheaper` says whether its price was lower, where that is known."""

    type: Literal["care.customer.competitor-seen.v1"] = "care.customer.competitor-seen.v1"
    competitor: Code
    is_cheaper: bool | None = None


class ReferralMade(Event):
    """The customer recommended us; `referred_customer_id` is to whom, once that one is a customer here."""

    type: Literal["care.customer.referral-made.v1"] = "care.customer.referral-made.v1"
    referred_customer_id: UUID | None = None


class NewsRecorded(Event):
    """Something happened at the customer, such as a new project going live. What was recorded is in the vault."""

    type: Literal["care.customer.news-recorded.v1"] = "care.customer.news-recorded.v1"
    topic: Code
    text_ref: UUID | None = None


MarketEvent = CompetitorSeen | ReferralMade | NewsRecorded
