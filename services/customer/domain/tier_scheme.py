"""A tier scheme is published in whole versions; the rules of those that ship are not in force before that."""

from chassis.versions.decider import Kind
from contracts.customer import TierSchemePublished
from services.customer.domain.shipped_tiers import SHIPPED

TIER_SCHEME: Kind[TierSchemePublished] = Kind(("tier-scheme",), name_field="name", unpublished=SHIPPED)
