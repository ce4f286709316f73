"""Evaluates the memory of one customer: events end alerts, timers raise them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from contracts.customer import OwnerAssigned
from contracts.event import Envelope
from services.alerts.detection.memory import Memory
from services.alerts.engine.care import reported
from services.alerts.engine.changes import Change
from services.alerts.engine.episodes import CustomerState, Moment, evaluate
from services.alerts.engine.facts import evolve
from services.alerts.engine.items import Divided, ItemId, concerns_all, divide, unite
from services.alerts.engine.owed_items import item_of
from services.alerts.engine.rule import RuleBook
from services.alerts.engine.stretch import NEVER_DUE

EMPTY: Final = Memory(CustomerState(), NEVER_DUE)


def receive(
    customer_id: UUID, known: Memory, own: Sequence[Envelope[Any]], rules: RuleBook, now: datetime
) -> tuple[Memory, list[tuple[Change, Envelope[Any]]]]:
    """Fold one customer's events, and return the alerts that each ended. The result does not depend on the batches."""
    divided, next_due_at = divide(known.state), known.next_due_at
    ended: list[tuple[Change, Envelope[Any]]] = []
    for envelope in own:
        concerned = concerned_by(divided, envelope, rules)
        before = unite(divided.rest, {item_id: divided.items.pop(item_id) for item_id in concerned})
        state = replace(before, facts=evolve(before.facts, envelope))
        evaluation = evaluate(customer_id, state, rules, moment_of(envelope, rules, now))
        after = divide(evaluation.state)
        divided = Divided(after.rest, divided.items)
        divided.items.update(after.items)
        next_due_at = min(next_due_at, evaluation.next_due_at)
        ended += [(change, envelope) for change in (*evaluation.changes, *reported(before.facts, envelope))]
    return replace(known, state=unite(divided.rest, divided.items), next_due_at=next_due_at), ended


def moment_of(envelope: Envelope[Any], rules: RuleBook, now: datetime) -> Moment:
    return Moment(now, envelope.recorded_at, judged=rules.hearing(envelope.event))


def concerned_by(divided: Divided, envelope: Envelope[Any], rules: RuleBook) -> list[ItemId]:
    """Return the items with which an event must be evaluated."""
    if concerns_all(envelope, rules):
        return list(divided.items)
    if isinstance(envelope.event, OwnerAssigned):
        return [item_id for item_id, item in divided.items.items() if item.open]
    item_id = ItemId(item_of(envelope))
    return [item_id] if item_id in divided.items else []


def raise_due(
    customer_id: UUID, known: Memory, rules: RuleBook, now: datetime, complete_until: datetime
) -> tuple[Memory, Sequence[Change]]:
    """Raise the alerts that were due at `complete_until`. The returned memory holds the next due time."""
    evaluation = evaluate(customer_id, known.state, rules, Moment(now, complete_until, is_complete=True))
    next_due_at = min(evaluation.next_due_at, known.others_due_at)
    return replace(known, state=evaluation.state, next_due_at=next_due_at), evaluation.changes


def judge_again(customer_id: UUID, known: Memory, rules: RuleBook, now: datetime) -> tuple[Memory, Sequence[Change]]:
    """Evaluate a customer after the rules changed: alerts end, and the next due time may become earlier."""
    evaluation = evaluate(customer_id, known.state, rules, Moment(now, now, rules_changed=True))
    next_due_at = min(known.next_due_at, evaluation.next_due_at)
    return replace(known, state=evaluation.state, next_due_at=next_due_at), evaluation.changes
