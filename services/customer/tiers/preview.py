"""Previews what a new version of a tier scheme would change."""

from collections import Counter
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from contracts.customer import TierSchemePublished
from services.customer.tiers.facts import Known
from services.customer.tiers.rules import assess, inputs_of


class TierCount(BaseModel):
    """How many of the evaluated customers are in the tier now, and would be."""

    tier: str
    now: int
    then: int


class TierMove(BaseModel):
    """A customer whose tier would change."""

    customer_id: UUID
    tier: str | None
    would_be: str


class TierPreview(BaseModel):
    """Counts and changes of the evaluated customers; `next_cursor` leads to the next ones."""

    customers_looked_at: int
    held: int
    counts: list[TierCount]
    items: list[TierMove]
    next_cursor: str | None = None
    has_more: bool = False


def preview_of(known: list[Known], scheme: TierSchemePublished, now: datetime, zone: ZoneInfo) -> TierPreview:
    """Return which tiers these customers would get. A held tier stays."""
    today = now.astimezone(zone).date()
    would_be = {
        each.customer_id: each.tier
        if each.is_held and each.tier
        else assess(scheme.tiers, inputs_of(each.facts, scheme.currency, today))
        for each in known
    }
    present, then = Counter(each.tier for each in known), Counter(would_be.values())
    named = dict.fromkeys([*(rule.tier for rule in scheme.tiers), *(tier for tier in present if tier)])
    return TierPreview(
        customers_looked_at=len(known),
        held=sum(each.is_held for each in known),
        counts=[TierCount(tier=tier, now=present[tier], then=then[tier]) for tier in named],
        items=[
            TierMove(customer_id=each.customer_id, tier=each.tier, would_be=would_be[each.customer_id])
            for each in known
            if each.tier != would_be[each.customer_id]
        ],
    )
