"""Evaluates the memory of one customer: events end alerts, timers raise them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from contracts.customer import OwnerAssigned, TierChanged
from contracts.event import Envelope
from services.alerts.detection.memory import Memory
from services.alerts.engine.care import ENDINGS, reported
from services.alerts.engine.episodes import Change, CustomerState, Moment, evaluate
from services.alerts.engine.folds import evolve
from services.alerts.engine.items import (
    OF_ITEMS,
    Item,
    ItemId,
    concerns_all,
    divide,
    follows_owner,
    follows_tier,
    unite,
    with_open,
)
from services.alerts.engine.owed_items import item_of
from services.alerts.engine.rule_book import InForce, RuleBook
from services.alerts.engine.rule_set import RuleSet
from services.alerts.engine.signals import states_contact
from services.alerts.engine.stretch import NEVER_DUE

EMPTY: Final = Memory(CustomerState(), NEVER_DUE, NEVER_DUE)
NOTHING: Final[frozenset[str]] = frozenset()


def receive(
    customer_id: UUID, known: Memory, own: Sequence[Envelope[Any]], rules: RuleBook, now: datetime
) -> tuple[Memory, list[tuple[Change, Envelope[Any]]]]:
    """Fold one customer's events, and return the alerts that each ended. The result does not depend on the batches."""
    rest, items = known.rest, dict(known.items)
    rest_due_at, items_due_at = known.rest_due_at, known.items_due_at
    ended: list[tuple[Change, Envelope[Any]]] = []
    for envelope in own:
        ids = concerned_by(items, envelope, rules) if items else ()
        before = unite(rest, {item_id: items.pop(item_id) for item_id in ids}) if ids else rest
        facts = evolve(before.facts, envelope, rules.contacts, rules.features)
        state = CustomerState(facts, before.open, before.judged_until)
        judged = judged_after(envelope, state, rules, rest_due_at)
        evaluation = evaluate(customer_id, state, rules, Moment(now, envelope.recorded_at, judged=judged))
        rest_due_at = min(rest_due_at, evaluation.rest_due_at)
        items_due_at = min(items_due_at, evaluation.items_due_at)
        ended += [(change, envelope) for change in evaluation.changes]
        rest, found = divide(evaluation.state)
        items.update(found)
        if type(envelope.event) in ENDINGS:
            ended += [(change, envelope) for change in reported(before.facts, envelope)]
    return Memory(rest, rest_due_at, items_due_at, items, known.stored, known.others_due_at), ended


def judged_after(envelope: Envelope[Any], state: CustomerState, rules: RuleBook, rest_due_at: datetime) -> RuleSet:
    """Return the rules by which a customer is judged after an event.

    As `rest_due_at` is a lower bound of the next evaluation of what is no item, rules without an open episode are
    skipped if the event only delays them, does not concern them, or if they measure and are not due before it. A
    contact before the registration delays nothing.
    """
    heard, registered = rules.hearing(type(envelope.event)), state.facts.registered
    if not heard.has_conditions:
        return heard.every
    skipped: frozenset[str] = NOTHING
    if heard.delayed and registered is not None and registered.at <= envelope.occurred_at:
        skipped = heard.delayed
    if heard.measured and rest_due_at <= envelope.occurred_at + heard.least:
        skipped |= heard.measured
    if heard.stated and not states_contact(envelope.event):
        skipped |= heard.stated
    if skipped and state.open:
        skipped -= {episode.rule_id for episode in state.open.values()}
    return heard.without(skipped) if skipped else heard.every


def concerned_by(items: Mapping[ItemId, Item], envelope: Envelope[Any], rules: RuleBook) -> list[ItemId]:
    """Return the items with which an event must be evaluated."""
    if concerns_all(envelope, rules):
        return list(items)
    kind = type(envelope.event)
    if kind is OwnerAssigned:
        return [item_id for item_id, item in items.items() if item.open and follows_owner(item)]
    if kind is TierChanged:
        return [item_id for item_id, item in items.items() if follows_tier(item)]
    if kind not in OF_ITEMS:
        return []
    item_id = ItemId(item_of(envelope))
    return [item_id] if item_id in items else []


def raise_due(
    customer_id: UUID, known: Memory, rules: RuleBook, now: datetime, complete_until: datetime
) -> tuple[Memory, Sequence[Change]]:
    """Raise the alerts that were due at `complete_until`. The returned memory holds the next due times."""
    if known.items and complete_until < known.rest_due_at and are_judged(known.items.values(), rules):
        moment = Moment(now, complete_until, is_complete=True, judged=rules.of_items)
        return raise_items_due(customer_id, known, rules, moment)
    evaluation = evaluate(customer_id, known.state, rules, Moment(now, complete_until, is_complete=True))
    items_due_at = min(evaluation.items_due_at, known.others_due_at)
    rest, items = divide(evaluation.state)
    after = Memory(rest, evaluation.rest_due_at, items_due_at, items, known.stored, known.others_due_at)
    return after, evaluation.changes


def are_judged(items: Iterable[Item], rules: RuleBook) -> bool:
    """Return whether rules about items decide about all open episodes of items: none is of a rule that is gone."""
    return all(episode.rule_id in rules.of_items.ids for item in items for episode in item.open.values())


def raise_items_due(
    customer_id: UUID, known: Memory, rules: RuleBook, moment: Moment
) -> tuple[Memory, Sequence[Change]]:
    """As `raise_due`, when nothing but items is due: the rest stays as it is."""
    rest = CustomerState(known.facts, {}, known.rest.judged_until)
    evaluation = evaluate(customer_id, unite(rest, known.items), rules, moment)
    items = with_open(known.items, evaluation.state.open)
    rest = CustomerState(known.facts, known.rest.open, evaluation.state.judged_until)
    items_due_at = min(evaluation.items_due_at, known.others_due_at)
    after = Memory(rest, known.rest_due_at, items_due_at, items, known.stored, known.others_due_at)
    return after, evaluation.changes


def judge_again(customer_id: UUID, known: Memory, rules: InForce, now: datetime) -> tuple[Memory, Sequence[Change]]:
    """Evaluate a customer after the rules changed: alerts end, and the next due time may become earlier."""
    moment = Moment(now, now, rules_changed=True, judged=rules.changed)
    evaluation = evaluate(customer_id, known.state, rules.book, moment)
    return known.after(evaluation), evaluation.changes
