"""The latest signal of each name, and the newest key dates."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from contracts.customer import ImportantDateApproaching
from contracts.event import Envelope
from services.alerts.engine.facts import Facts
from services.alerts.engine.folds.fold import Folds
from services.alerts.engine.occurrence import Occurrence, latest
from services.alerts.engine.signals import KEY_DATE, LATEST, signal_of

# Of more key dates without a contact, the oldest are forgotten.
MAX_KEY_DATES: Final = 8


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


def with_key_date(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    """Return the facts with one more key date: those before may still wait for a contact."""
    known = facts.signals.get(KEY_DATE)
    # An earlier build kept the latest one only.
    before = facts.key_dates or ((known,) if known else ())
    return with_signal(replace(facts, key_dates=newest_dates((*before, occurrence))), envelope, occurrence)


def newest_dates(key_dates: tuple[Occurrence, ...]) -> tuple[Occurrence, ...]:
    """Return the newest key dates, oldest first."""
    return tuple(sorted(set(key_dates), key=lambda each: (each.at, each.cause))[-MAX_KEY_DATES:])


FOLDS: Final[Folds] = {**dict.fromkeys(LATEST, with_signal), ImportantDateApproaching: with_key_date}
