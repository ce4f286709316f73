"""Who the customer is: registration, stage, tier, responsible employees, tags, profile, erasure."""

from typing import Any, Final

from msgspec.structs import replace

from contracts import customer
from contracts.customer import mode_of
from contracts.event import Envelope
from services.alerts.engine.facts import PROFILE, Facts, Schemes
from services.alerts.engine.folds.fold import Folds
from services.alerts.engine.occurrence import Occurrence, latest

# The tier scheme that severities and limits know.
SCHEME: Final = "default"
# As in the list of customers.
ENDING_PROPOSALS: Final = (customer.TierHeld, customer.TierProposalRefused, customer.TierProposalLapsed)


def registered(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    since, schemes = facts.stage_since or occurrence, facts.schemes or Schemes()
    name = envelope.event.name
    return replace(facts, registered=occurrence, stage_since=since, name=name, is_complete=True, schemes=schemes)


def renamed(facts: Facts, envelope: Envelope[Any], _occurrence: Occurrence) -> Facts:
    return replace(facts, name=envelope.event.name)


def with_stage(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    stage = envelope.event.stage
    is_back = mode_of(facts.stage) is None and mode_of(stage) is not None
    won_back = occurrence if is_back else facts.won_back
    return replace(facts, stage=stage, stage_since=occurrence, won_back=won_back)


def with_tier(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    """Return the facts with a tier. It ends an open proposal in its scheme."""
    facts, event = without_proposal(facts, envelope, occurrence), envelope.event
    if event.scheme == SCHEME:
        return replace(facts, tier=event.tier)
    if facts.schemes is None:
        return facts
    return replace(facts, schemes=replace(facts.schemes, tiers={**facts.schemes.tiers, event.scheme: event.tier}))


def with_proposal(facts: Facts, envelope: Envelope[Any], _occurrence: Occurrence) -> Facts:
    if facts.schemes is None:
        return facts
    proposed = tuple(sorted({*facts.schemes.proposed, envelope.event.scheme}))
    return replace(facts, schemes=replace(facts.schemes, proposed=proposed))


def without_proposal(facts: Facts, envelope: Envelope[Any], _occurrence: Occurrence) -> Facts:
    scheme = envelope.event.scheme
    if facts.schemes is None or scheme not in facts.schemes.proposed:
        return facts
    proposed = tuple(each for each in facts.schemes.proposed if each != scheme)
    return replace(facts, schemes=replace(facts.schemes, proposed=proposed))


def with_owner(facts: Facts, envelope: Envelope[Any], _occurrence: Occurrence) -> Facts:
    return replace(facts, owner_id=envelope.event.owner_id, leader_id=envelope.event.leader_id)


def with_tag(facts: Facts, envelope: Envelope[Any], _occurrence: Occurrence) -> Facts:
    return replace(facts, tags=tuple(sorted({*facts.tags, envelope.event.tag})))


def without_tag(facts: Facts, envelope: Envelope[Any], _occurrence: Occurrence) -> Facts:
    return replace(facts, tags=tuple(each for each in facts.tags if each != envelope.event.tag))


def with_profile(facts: Facts, envelope: Envelope[Any], _occurrence: Occurrence) -> Facts:
    """Return the facts with what changed in the profile, and the last contact that a source states."""
    event = envelope.event
    if event.last_contacted_at is not None:
        stated = Occurrence(event.last_contacted_at, envelope.id)
        facts = replace(facts, stated_contact=latest(facts.stated_contact, stated))
    elif "last_contacted_at" in event.cleared:
        facts = replace(facts, stated_contact=None)
    if not event.cleared and all(getattr(event, name) is None for name in PROFILE):
        return facts
    kept = {key: each for key, each in facts.profile.items() if key not in event.cleared}
    changes = {name: each for name in PROFILE if (each := getattr(event, name)) is not None}
    return replace(facts, profile=kept | changes)


def erased(facts: Facts, _envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    return replace(facts, erased=occurrence)


FOLDS: Final[Folds] = {
    customer.Registered: registered,
    customer.Renamed: renamed,
    customer.StageChanged: with_stage,
    customer.TierChanged: with_tier,
    customer.TierProposed: with_proposal,
    **dict.fromkeys(ENDING_PROPOSALS, without_proposal),
    customer.OwnerAssigned: with_owner,
    customer.TagAdded: with_tag,
    customer.TagRemoved: without_tag,
    customer.ProfileChanged: with_profile,
    customer.CustomerErased: erased,
}
