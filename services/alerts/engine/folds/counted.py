"""The features that rules count: a ring of the events that have each, and the latest event of which it is not known."""

from typing import Any

from msgspec.structs import replace

from contracts.event import Envelope
from contracts.followup import ContactLogged
from services.alerts.engine.contact_definition import ContactDefinitions
from services.alerts.engine.facts import Facts, Failed
from services.alerts.engine.features import Feature, latest_failures, outcome
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rings import IN_RINGS, ONLY, Found, has, of_contact, with_found


def with_counted(
    facts: Facts, envelope: Envelope[Any], features: tuple[Feature, ...], defined: ContactDefinitions
) -> Facts:
    """Add an event to the rings of the features that it has. The features must hear its type."""
    event, occurrence = envelope.event, Occurrence(envelope.occurred_at, envelope.id)
    if type(event) is ContactLogged:
        found = of_contact(event, defined.at(envelope.recorded_at).counts(event))
    else:
        found = IN_RINGS[type(event)](event)
    rings, failed = facts.rings, facts.failed
    for feature in features:
        if not has(found, feature.signal):
            continue
        counts, failure = outcome(feature, event)
        if counts:
            rings = with_found(rings, Found(feature.name, ONLY), occurrence)
        elif failure:
            failed = latest_failures(failed, {feature.name: Failed(occurrence, failure)})
    return facts if rings is facts.rings and failed is facts.failed else replace(facts, rings=rings, failed=failed)
