"""The tiers of each published version of a tier scheme, from the customer service's topic."""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from contracts.customer import TierSchemePublished
from contracts.event import Envelope

TABLES = ("tier_scheme",)
KEEP = """
    INSERT INTO tier_scheme (name, number, effective_from, tiers) VALUES ($1, $2, $3, $4)
    ON CONFLICT (name, number) DO NOTHING
"""


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    for each in envelopes:
        match each.event:
            case TierSchemePublished(name=name, number=number, effective_from=effective_from, tiers=rules):
                tiers = [rule.tier for rule in rules]
                await held.execute(KEEP, name, number, effective_from or each.recorded_at, tiers)
            case _:
                continue
