"""Computes the tier of a customer from a scheme and facts, and when time alone may change it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chassis.rules.expressions import Conditions
from contracts.customer import Stage, TierInputs, TierRule, TierSchemePublished
from contracts.money import DEFAULT_EXPONENT, EXPONENTS

VARIABLES = {
    "amount": int,
    "orders": int,
    "lifetime_amount": int,
    "lifetime_orders": int,
    "contacts": int,
    "complaints": int,
    "years": int,
    "potential": str,
    "influence": str,
    "stage": str,
}
# Null if there is no named survey answer.
NULLABLE = {"nps": int, "csat": int}
CONDITIONS = Conditions(VARIABLES, NULLABLE, {"stage": tuple(Stage)})


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about a customer at one instant. Amounts are in minor units of one currency; `since` is 合作起始日."""

    stage: str
    potential: str | None
    influence: str | None
    since: date | None
    amount_minor: int
    orders: int
    lifetime_amount_minor: int
    lifetime_orders: int
    contacts: int
    complaints: int
    oldest_order_at: datetime | None
    oldest_interaction_at: datetime | None
    nps: int | None = None
    csat: int | None = None


def inputs_of(facts: Facts, currency: str, today: date) -> TierInputs:
    """Return the facts as inputs of the rules."""
    unit = 10 ** EXPONENTS.get(currency, DEFAULT_EXPONENT)
    return TierInputs(
        amount=facts.amount_minor // unit,
        orders=facts.orders,
        lifetime_amount=facts.lifetime_amount_minor // unit,
        lifetime_orders=facts.lifetime_orders,
        contacts=facts.contacts,
        complaints=facts.complaints,
        years=years_between(facts.since, today) if facts.since else 0,
        potential=facts.potential or "",
        influence=facts.influence or "",
        stage=facts.stage,
        nps=facts.nps,
        csat=facts.csat,
    )


def assess(tiers: tuple[TierRule, ...], inputs: TierInputs) -> str:
    """Return the first tier whose condition is true; otherwise the last tier."""
    values = inputs.model_dump()
    *others, last = tiers
    return next((rule.tier for rule in others if rule.when and CONDITIONS.holds(rule.when, values)), last.tier)


def years_between(since: date, today: date) -> int:
    """Return the whole years since `since`. The anniversary of 29 February is 1 March in other years."""
    years = today.year - since.year - ((today.month, today.day) < (since.month, since.day))
    return max(0, years)


def changes_at(facts: Facts, scheme: TierSchemePublished, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when time alone next changes the inputs of the rules; None for never."""
    return min(instants(facts, timedelta(days=scheme.window_days), now, zone), default=None)


def instants(facts: Facts, window: timedelta, now: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    for at in (facts.oldest_order_at, facts.oldest_interaction_at):
        if at:
            yield at + window
    if facts.since:
        yield datetime.combine(next_anniversary(facts.since, now.astimezone(zone).date()), time(), zone)


def next_anniversary(since: date, today: date) -> date:
    """Return the first day after `today` on which one more year has passed."""
    year = max(today.year, since.year + 1)
    return next(day for each in (year, year + 1) if (day := anniversary(since, each)) > today)


def anniversary(since: date, year: int) -> date:
    try:
        return since.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
