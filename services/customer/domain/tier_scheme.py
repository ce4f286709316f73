"""A tier scheme is published in whole versions; the rules of those that ship are not in force before that."""

from chassis.versions.decider import Kind
from contracts.customer import TierSchemePublished
from services.customer.shipped.tier_schemes import SHIPPED

TIER_SCHEME: Kind[TierSchemePublished] = Kind(("tier-scheme",), named_by="name", unpublished=SHIPPED)
