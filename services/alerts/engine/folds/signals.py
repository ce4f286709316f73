"""The latest signal of each name."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from contracts.event import Envelope
from services.alerts.engine.facts import Facts
from services.alerts.engine.folds.fold import Folds
from services.alerts.engine.occurrence import Occurrence, latest
from services.alerts.engine.signals import LATEST, signal_of


def with_signal(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    """Return the facts with the event as the latest signal of its name, if it is a signal and none is later."""
    name = signal_of(envelope.event)
    known = facts.signals.get(name) if name else None
    if name is None or (known and known.at >= occurrence.at):
        return facts
    return replace(facts, signals={**facts.signals, name: occurrence})


def latest_of_each(known: Mapping[str, Occurrence], other: Mapping[str, Occurrence]) -> dict[str, Occurrence]:
    """Return the later signal of each name."""
    found = dict(known)
    for name, occurrence in other.items():
        found[name] = latest(found.get(name), occurrence) or occurrence
    return found


FOLDS: Final[Folds] = dict.fromkeys(LATEST, with_signal)
