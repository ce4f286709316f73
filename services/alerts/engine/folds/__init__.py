"""The folds of events into the facts about a customer, one file per theme. Pure."""

from typing import Any, Final

from contracts.event import Envelope, Event
from services.alerts.engine.facts import Facts
from services.alerts.engine.folds import contacts, identity, measured, owed, signals
from services.alerts.engine.folds.fold import Fold
from services.alerts.engine.folds.quiet import with_quiet
from services.alerts.engine.occurrence import Occurrence

__all__ = ["evolve"]

THEMES: Final = (signals.FOLDS, identity.FOLDS, contacts.FOLDS, measured.FOLDS, owed.FOLDS)
FOLDS: Final[dict[type[Event], tuple[Fold, ...]]] = {
    event: tuple(theme[event] for theme in THEMES if event in theme) for event in set().union(*THEMES)
}


def evolve(facts: Facts, envelope: Envelope[Any]) -> Facts:
    """Apply one event of any service."""
    if envelope.metadata.origin is not None:
        facts = with_quiet(facts, envelope)
    if found := FOLDS.get(type(envelope.event)):
        occurrence = Occurrence(envelope.occurred_at, envelope.id)
        for fold in found:
            facts = fold(facts, envelope, occurrence)
    return facts
