"""The folds of events into the facts about a customer, one file per theme. Pure."""

from typing import Any, Final

from contracts.event import Envelope, Event
from contracts.followup import ContactLogged
from services.alerts.engine.contact_definition import SHIPPED_CONTACTS, ContactDefinitions
from services.alerts.engine.facts import Facts
from services.alerts.engine.features import NO_FEATURES, Features
from services.alerts.engine.folds import contacts, identity, measured, owed, signals
from services.alerts.engine.folds.counted import with_counted
from services.alerts.engine.folds.fold import Fold
from services.alerts.engine.folds.quiet import with_quiet
from services.alerts.engine.occurrence import Occurrence

__all__ = ["evolve"]

THEMES: Final = (signals.FOLDS, identity.FOLDS, contacts.FOLDS, measured.FOLDS, owed.FOLDS)
FOLDS: Final[dict[type[Event], tuple[Fold, ...]]] = {
    event: tuple(theme[event] for theme in THEMES if event in theme) for event in set().union(*THEMES)
}


def evolve(
    facts: Facts,
    envelope: Envelope[Any],
    defined: ContactDefinitions = SHIPPED_CONTACTS,
    features: Features = NO_FEATURES,
) -> Facts:
    """Apply one event of any service.

    `defined` says what counts as a contact by a person, and since when. `features` are those that rules count.
    """
    if envelope.metadata.origin is not None:
        facts = with_quiet(facts, envelope)
    kind = type(envelope.event)
    if own := features.by_kind.get(kind):
        facts = with_counted(facts, envelope, own, defined)
    if kind is ContactLogged:
        return contacts.with_contact(facts, envelope, defined.at(envelope.recorded_at))
    if found := FOLDS.get(kind):
        occurrence = Occurrence(envelope.occurred_at, envelope.id)
        for fold in found:
            facts = fold(facts, envelope, occurrence)
    return facts
