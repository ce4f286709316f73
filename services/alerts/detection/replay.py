"""Which episodes a rule would have begun with one customer in the past, as facts became known."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate
from typing import Any

from contracts.event import Envelope
from services.alerts.detection.evaluation import EMPTY, raise_due, receive
from services.alerts.detection.memory import Memory
from services.alerts.engine.episode import Episode
from services.alerts.engine.episodes import Change
from services.alerts.engine.raising import Begun
from services.alerts.engine.rule_book import RuleBook


def episodes_of(envelopes: Sequence[Envelope[Any]], book: RuleBook, now: datetime) -> Iterator[list[Episode]]:
    """Yield after each fact the episodes that begin under a book before the next one is known.

    The facts are all of one customer, in the order in which they were recorded. The engine looks whenever something is
    due, and receives nothing late.
    """
    known, facts = EMPTY, list(map(assumed, envelopes))
    # A fact of a file may be known before facts that were recorded earlier: nothing is looked at after those.
    untils = list(accumulate([now, *(each.recorded_at for each in reversed(facts))], min))[-2::-1]
    for fact, until in zip(facts, untils, strict=True):
        known, at_once = receive(fact.subject, known, [fact], book, fact.recorded_at)
        known, later = looked(known, fact, book, until)
        yield begun_by([*(change for change, _ in at_once), *later])


def looked(known: Memory, fact: Envelope[Any], book: RuleBook, until: datetime) -> tuple[Memory, list[Change]]:
    """Look at each instant at which something is due, and return how alerts change."""
    found: list[Change] = []
    at = fact.recorded_at
    while (due_at := max(known.next_due_at, at)) <= until:
        known, changes = raise_due(fact.subject, known, book, due_at, due_at)
        found += changes
        if known.next_due_at <= at:
            break
        at = due_at
    return known, found


def begun_by(changes: Sequence[Change]) -> list[Episode]:
    return [each.episode for each in changes if isinstance(each, Begun)]


def assumed(envelope: Envelope[Any]) -> Envelope[Any]:
    """Return a fact that a file brought as one that was recorded when it occurred."""
    if envelope.metadata.origin is None:
        return envelope
    metadata = envelope.metadata.model_copy(update={"origin": None})
    return replace(envelope, recorded_at=envelope.occurred_at, metadata=metadata)
