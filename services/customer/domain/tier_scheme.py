"""The rules of a tier scheme: it is published in versions. Shipped schemes are not in force until published."""

from chassis.versions.decider import Kind
from contracts.customer import TierSchemePublished
from services.customer.shipped.tier_schemes import SHIPPED

TIER_SCHEME: Kind[TierSchemePublished] = Kind(("tier-scheme",), name_field="name", unpublished=SHIPPED)
