"""Events about the market of a customer: competitors, referrals and news."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code


class CompetitorSeen(Event):
    """A competitor was active at the customer. `is_cheaper` says whether its price was lower, if known."""

    type: Literal["care.customer.competitor-seen.v1"] = "care.customer.competitor-seen.v1"
    competitor: Code
    is_cheaper: bool | None = None


class ReferralMade(Event):
    """The customer recommended us. `referred_customer_id` is the customer that was won, if it is registered."""

    type: Literal["care.customer.referral-made.v1"] = "care.customer.referral-made.v1"
    referred_customer_id: UUID | None = None


class NewsRecorded(Event):
    """News about the customer was recorded, such as a new project. The text is in the vault."""

    type: Literal["care.customer.news-recorded.v1"] = "care.customer.news-recorded.v1"
    topic: Code
    text_ref: UUID | None = None


MarketEvent = CompetitorSeen | ReferralMade | NewsRecorded
