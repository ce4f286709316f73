"""Random events on which the filters of segments depend, and random filters."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from contracts.customer import (
    OwnerAssigned,
    ProfileChanged,
    SegmentFilter,
    Stage,
    StageChanged,
    TagAdded,
    TagRemoved,
    TierChanged,
    TierHeld,
    TierProposalLapsed,
    TierProposalRefused,
    TierProposed,
    TierReleased,
)
from contracts.event import Event
from contracts.examples import example

STAGES, SCHEMES, TIERS = (Stage.ESTABLISHED, Stage.LOST), ("default", "value"), ("vip", "growth")
OWNERS, TAGS = ("E1", "E2"), ("key", "risk")
# Of some, a search sees no difference; the last one has no letters.
REGIONS: Final = ("华东", "華 东", "Ｅａｓｔ", "east", "华北", "·")
ENDS: Final = (TierHeld, TierReleased, TierProposalRefused, TierProposalLapsed)
# The values of each field of a filter.
FIELDS: Final[Mapping[str, tuple[Any, ...]]] = {
    "stage": (Stage.NEW, *STAGES),
    "tier": (*TIERS, "other"),
    "owner_id": OWNERS,
    "region": REGIONS,
    "tag": TAGS,
    "ownerless": (True, False),
    "proposed_in": (*SCHEMES, "other"),
}


def change(random: Random) -> Event:
    """Return an event that a filter may depend on."""
    scheme = random.choice(SCHEMES)
    makers: list[Callable[[], Event]] = [
        lambda: example(StageChanged, stage=random.choice(STAGES)),
        lambda: TierChanged(scheme=scheme, tier=random.choice(TIERS)),
        lambda: example(TierProposed, scheme=scheme),
        lambda: example(random.choice(ENDS), scheme=scheme),
        lambda: OwnerAssigned(owner_id=random.choice(OWNERS)),
        lambda: ProfileChanged(region=random.choice(REGIONS)),
        lambda: ProfileChanged(cleared=("region",)),
        lambda: TagAdded(tag=random.choice(TAGS), vocabulary_number=1),
        lambda: TagRemoved(tag=random.choice(TAGS)),
    ]
    return random.choice(makers)()


def filter_of(random: Random, *fields: str) -> SegmentFilter:
    """Return a filter with a value of each of the fields."""
    return SegmentFilter(**{name: random.choice(FIELDS[name]) for name in fields})
