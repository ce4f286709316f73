"""Whom else a customer knows: competitors that court it, and customers that it brought."""

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


MarketEvent = CompetitorSeen | ReferralMade
