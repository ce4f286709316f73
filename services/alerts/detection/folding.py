"""Folds a whole history into the memory of its customers, without alerts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.customer import Merged, Unmerged
from contracts.event import Envelope
from services.alerts.detection.evaluation import EMPTY, receive
from services.alerts.detection.memory import Memory
from services.alerts.detection.merging import receive_merging
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.feature_rings import with_rings
from services.alerts.engine.findings import find
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.stretch import NEVER_DUE

Envelopes = Sequence[Envelope[Any]]


def fold(envelopes: Iterable[Envelope[Any]], rules: RuleBook, now: datetime) -> dict[UUID, Memory]:
    """Return the memories after the events, which are in the order in which they were recorded.

    The events are all that the engine evaluates of some customers, and of those with which these were ever merged.
    """
    memories: dict[UUID, Memory] = defaultdict(lambda: EMPTY)
    for customer_id, own in runs(envelopes):
        if memories[customer_id].facts.merged_into or isinstance(own[0].event, Merged | Unmerged):
            # Without open alerts, none ends.
            list(receive_merging(customer_id, memories, own, rules, now))
        else:
            memories[customer_id], _ = receive(customer_id, memories[customer_id], own, rules, now)
    for customer_id, known in memories.items():
        # The events were all of their histories, so what was counted is complete.
        whole = known.with_facts(with_rings(customer_id, known.facts, rules.features.names, {}))
        memories[customer_id] = with_shadow(whole, rules)
    return memories


def with_shadow(known: Memory, rules: RuleBook) -> Memory:
    """Return the memory as due when a rule in shadow may have something to record."""
    if not rules.shadow:
        return known
    found = find(with_absorbed(known.state.facts), rules.shadow_book)
    due_at = min((each.due_at for each in found if each.is_awaited), default=NEVER_DUE)
    return known.due_by(due_at, due_at)


def runs(envelopes: Iterable[Envelope[Any]]) -> Iterator[tuple[UUID, Envelopes]]:
    """Yield the events of each customer between two merges, in their order, and each merge alone."""
    pending: dict[UUID, list[Envelope[Any]]] = defaultdict(list)
    for envelope in envelopes:
        if isinstance(envelope.event, Merged | Unmerged):
            yield from pending.items()
            pending.clear()
            yield envelope.subject, [envelope]
        else:
            pending[envelope.subject].append(envelope)
    yield from pending.items()
