"""Contacts, needs, and the guards that followup reports."""

from typing import Any, Final

from msgspec.structs import replace

from contracts import customer, followup
from contracts.customer import NeedStatus
from contracts.event import Envelope
from services.alerts.engine.contact_definition import ContactDefinition
from services.alerts.engine.facts import Facts, Warned
from services.alerts.engine.folds.fold import Folds
from services.alerts.engine.occurrence import Occurrence, latest
from services.alerts.engine.rings import of_contact, with_found

# Of one need. The number of needs of a customer is limited by the customer service.
MAX_STATEMENTS: Final = 8


def with_contact(facts: Facts, envelope: Envelope[Any], definition: ContactDefinition) -> Facts:
    """Add a contact. The definition says whether it is one by a person."""
    occurrence, counts = Occurrence(envelope.occurred_at, envelope.id), definition.counts(envelope.event)
    last = latest(facts.last_contact, occurrence) if counts else facts.last_contact
    return replace(
        facts, last_contact=last, rings=with_found(facts.rings, of_contact(envelope.event, counts), occurrence)
    )


def with_need(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    """Add a statement of a need, or forget a need that is met or gone. Of many, the oldest and the latest are kept."""
    event, needs = envelope.event, facts.needs
    others = {key: stated for key, stated in needs.items() if key != event.need}
    if event.status is not NeedStatus.OPEN:
        later = tuple(each for each in needs.get(event.need, ()) if each.at > occurrence.at)
        return replace(facts, needs={**others, event.need: later} if later else others)
    stated = sorted((*needs.get(event.need, ()), occurrence), key=lambda each: each.at)
    kept = (*stated[: MAX_STATEMENTS - 1], *stated[MAX_STATEMENTS - 1 :][-1:])
    return replace(facts, needs={**others, event.need: kept})


def with_guard(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    return replace(facts, guards={**facts.guards, envelope.event.guard: Warned(occurrence)})


def without_guard(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    guard = envelope.event.guard
    known = facts.guards.get(guard)
    return replace(facts, guards={**facts.guards, guard: replace(known, settled=occurrence)}) if known else facts


FOLDS: Final[Folds] = {
    customer.NeedStated: with_need,
    followup.GuardTripped: with_guard,
    followup.GuardCleared: without_guard,
}
