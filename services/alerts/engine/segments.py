"""Segments of the customer service: which customers a filter contains, as its search finds them. Pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from pydantic import BaseModel, ConfigDict

from chassis.rules.comparison import letters
from contracts import customer
from contracts.customer import SegmentFilter
from contracts.event import Event
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Caused
from services.alerts.engine.words import Words

# Besides those of `attributes.EVENTS`: the events that change a field which filters have.
EVENTS: frozenset[type[Event]] = frozenset(
    {customer.TierHeld, customer.TierProposed, customer.TierProposalRefused, customer.TierProposalLapsed}
)
# Regions whose letters are kept.
KEPT: Final = 20_000
letters_of = lru_cache(KEPT)(letters)


class UnknownMembershipError(Exception):
    """Whether a customer is in a segment cannot be said, for this reason."""

    def __init__(self, reason: Words) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Segment(BaseModel):
    """A segment that a rule names. `stated` is the event that stated its filter or removed it.

    With `fault` there is no filter that this build can evaluate, for this reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    filter: SegmentFilter | None = None
    fault: Words | None = None
    stated: Caused | None = None


def unknown(name: str) -> Segment:
    """Return a segment of which no event was received."""
    return Segment(fault=Words(f"there is no segment {name}", f"没有客户分群 {name}"))


def memberships(segments: Mapping[str, Segment], facts: Facts) -> tuple[str, ...]:
    """Return the names of those segments that contain a customer. Raises UnknownMembershipError."""
    return tuple(name for name, segment in segments.items() if is_member(name, segment, facts))


def is_member(name: str, segment: Segment, facts: Facts) -> bool:
    if segment.filter is None:
        raise UnknownMembershipError(segment.fault or Words(name, name))
    found = contains(segment.filter, facts)
    if found is None:
        raise UnknownMembershipError(
            Words(
                f"segment {name}: the tiers of the customer are not known before a rebuild",
                f"客户分群 {name}：重建之前，客户的分层未知",
            )
        )
    return found


def contains(wanted: SegmentFilter, facts: Facts) -> bool | None:
    """Return whether a customer matches all fields of a filter; None if its other tiers are not known.

    A tier matches in any scheme. Of a merged customer, only its own facts count, not those of its duplicates.
    """
    if not matches(wanted, facts):
        return False
    is_tier = wanted.tier is None or wanted.tier == facts.tier
    if is_tier and wanted.proposed_in is None:
        return True
    if facts.schemes is None:
        return None
    is_tier = is_tier or wanted.tier in facts.schemes.tiers.values()
    return is_tier and (wanted.proposed_in is None or wanted.proposed_in in facts.schemes.proposed)


def matches(wanted: SegmentFilter, facts: Facts) -> bool:
    """Return whether a customer matches all fields of a filter but those about tiers."""
    if wanted.stage is not None and wanted.stage != facts.stage:
        return False
    if wanted.owner_id is not None and wanted.owner_id != facts.owner_id:
        return False
    if wanted.ownerless is not None and wanted.ownerless != (facts.owner_id is None):
        return False
    if wanted.tag is not None and wanted.tag not in facts.tags:
        return False
    return not wanted.region or is_region(wanted.region, facts.profile.get("region"))


def is_region(wanted: str, region: str | None) -> bool:
    """Compare regions as a search does: width, case, spaces and punctuation make no difference."""
    return bool(region) and letters_of(wanted) == letters_of(region or "")
