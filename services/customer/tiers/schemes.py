"""Looks up the tiers of a scheme."""

from datetime import datetime

from chassis.versions.lookup import Versions
from contracts.customer import TierSchemePublished
from services.customer.shipped.tier_schemes import SHIPPED


async def offered(schemes: Versions[TierSchemePublished], name: str, at: datetime) -> tuple[str, ...]:
    """Return the tiers of a scheme, also of a shipped one; none for an unknown scheme."""
    found = await schemes.find(at, name) or SHIPPED.get(name)
    return tuple(rule.tier for rule in found.tiers) if found else ()
