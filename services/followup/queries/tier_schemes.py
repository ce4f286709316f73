"""Looks up the tiers of the customer service's tier schemes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.postgres.database import Pool
from services.followup.queries.customers import POLL_SECONDS
from services.followup.shipped.tier_schemes import SHIPPED

SCHEME_WAIT_SECONDS = 2.0
# A row without tiers stands for schemes from before this service kept them.
IN_FORCE = """
    SELECT DISTINCT ON (name) name, tiers FROM tier_scheme WHERE effective_from <= $1 ORDER BY name, number DESC
"""

Schemes = Mapping[str, Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class NamedTier:
    """A tier that a request names at `pointer`: a tier of `scheme` or, if None, of any scheme."""

    pointer: str
    tier: str
    scheme: str | None = None

    def offered(self, schemes: Schemes) -> Sequence[str] | None:
        """Return the tiers that can be named; None if a scheme may have others."""
        found = schemes.values() if self.scheme is None else [schemes.get(self.scheme, ())]
        known = [tiers for tiers in found if tiers is not None]
        return [tier for tiers in known for tier in tiers] if len(known) == len(found) else None


@dataclass(frozen=True, slots=True)
class UnknownTier:
    """A tier that no scheme has, where it is named, and the tiers that can be named there."""

    pointer: str
    offered: Sequence[str]


class TierSchemes:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def in_force(self, at: datetime) -> Schemes:
        """Return the tiers of each scheme in force at an instant, also of a shipped one that was never published."""
        return SHIPPED | {row["name"]: row["tiers"] for row in await self._pool.fetch(IN_FORCE, at)}

    async def unknown(self, named: Sequence[NamedTier], at: datetime) -> list[UnknownTier]:
        """Return those tiers that no scheme has. A new version arrives some milliseconds after it was published."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + SCHEME_WAIT_SECONDS
        while True:
            schemes = await self.in_force(at)
            offered = [(each, each.offered(schemes)) for each in named]
            unknown = [
                UnknownTier(each.pointer, tiers)
                for each, tiers in offered
                if tiers is not None and each.tier not in tiers
            ]
            if not unknown or loop.time() > give_up_at:
                return unknown
            await asyncio.sleep(POLL_SECONDS)
