"""The facts of merged customers: those of duplicates are kept with the survivor, and count together (ADR 0013)."""

from typing import Any
from uuid import UUID

from msgspec.structs import replace

from contracts.event import Envelope
from services.alerts.engine import months, rings
from services.alerts.engine.contact_definition import ContactDefinitions
from services.alerts.engine.facts import Facts
from services.alerts.engine.features import NO_FEATURES, Features, latest_failures
from services.alerts.engine.folds import evolve
from services.alerts.engine.folds.measured import newest
from services.alerts.engine.folds.signals import latest_of_each, newest_dates
from services.alerts.engine.occurrence import Occurrence, latest


def with_absorbed(facts: Facts) -> Facts:
    """Return the facts of the customer together with those of its duplicates."""
    for other in facts.absorbed.values():
        quiet = other.quiet_until
        facts = replace(
            facts,
            last_contact=latest(facts.last_contact, other.last_contact),
            stated_contact=latest(facts.stated_contact, other.stated_contact),
            signals=latest_of_each(facts.signals, other.signals),
            key_dates=newest_dates((*facts.key_dates, *other.key_dates)),
            needs={
                key: (*facts.needs.get(key, ()), *other.needs.get(key, ())) for key in {**other.needs, **facts.needs}
            },
            is_complete=facts.is_complete and other.is_complete,
            tasks={**facts.tasks, **other.tasks},
            complaints={**facts.complaints, **other.complaints},
            terms={**facts.terms, **other.terms},
            rings=rings.together(facts.rings, other.rings),
            months=months.together(facts.months, other.months),
            scores=newest((*facts.scores, *other.scores)),
            failed=latest_failures(facts.failed, other.failed),
            quiet_until=max(quiet, facts.quiet_until or quiet) if quiet else facts.quiet_until,
        )
    return facts


def absorb(
    survivor: Facts, duplicate_id: UUID, duplicate: Facts, into_id: UUID, merged: Occurrence
) -> tuple[Facts, Facts]:
    """Return the facts of both after the merge."""
    kept = {**survivor.absorbed, duplicate_id: replace(duplicate, absorbed={})}
    # What the duplicate has absorbed stays with it: those merges are undone first, but maybe received later.
    return replace(survivor, absorbed=kept), Facts(merged_into=into_id, merged=merged, absorbed=duplicate.absorbed)


def release(survivor: Facts, duplicate_id: UUID, duplicate: Facts) -> tuple[Facts, Facts]:
    """Return the facts of both after the merge was undone."""
    kept = {key: facts for key, facts in survivor.absorbed.items() if key != duplicate_id}
    released = survivor.absorbed.get(duplicate_id, Facts())
    return replace(survivor, absorbed=kept), replace(released, absorbed=duplicate.absorbed)


def evolve_absorbed(
    survivor: Facts, envelope: Envelope[Any], defined: ContactDefinitions, features: Features = NO_FEATURES
) -> Facts:
    """Apply an event of a duplicate to its facts within the survivor."""
    own = evolve(survivor.absorbed.get(envelope.subject, Facts()), envelope, defined, features)
    return replace(survivor, absorbed={**survivor.absorbed, envelope.subject: own})
