"""Handles merges: the facts of duplicates are stored with the surviving customer (ADR 0013)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from contracts.customer import Merged, Unmerged
from contracts.event import Envelope, Event
from services.alerts.detection.evaluation import receive
from services.alerts.detection.memory import Memory
from services.alerts.engine.absorbing import absorb, evolve_absorbed, release
from services.alerts.engine.care import reported
from services.alerts.engine.changes import Carrying
from services.alerts.engine.episodes import Change, Moment, evaluate
from services.alerts.engine.facts import Facts
from services.alerts.engine.items import items_of
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule_book import RuleBook

Ended = tuple[UUID, Change, Envelope[Any]]


def affected_customers(envelopes: Iterable[Envelope[Any]]) -> set[UUID]:
    """Return the customers that these events affect."""
    found = set()
    for envelope in envelopes:
        found.add(envelope.subject)
        if isinstance(envelope.event, Merged):
            found.add(envelope.event.into_customer_id)
        elif isinstance(envelope.event, Unmerged):
            found.add(envelope.event.from_customer_id)
    return found


def survivors_of(memories: Mapping[UUID, Memory]) -> set[UUID]:
    """Return the customers that these are merged into."""
    return {into for each in memories.values() if (into := each.facts.merged_into)}


def is_merging(memory: Memory, own: Iterable[Envelope[Any]]) -> bool:
    return bool(memory.facts.merged_into) or any(isinstance(each.event, Merged | Unmerged) for each in own)


def receive_merging(
    customer_id: UUID, memories: dict[UUID, Memory], own: Sequence[Envelope[Any]], rules: RuleBook, now: datetime
) -> Iterator[Ended]:
    """Fold the events of a customer that is, becomes or was a duplicate; yield each change with its customer."""
    for envelope in own:
        if is_so(customer_id, memories, envelope.event):
            continue
        if not concerns_two(customer_id, memories, envelope.event):
            memories[customer_id], ended = receive(customer_id, memories[customer_id], [envelope], rules, now)
            yield from ((customer_id, change, envelope) for change, _ in ended)
            continue
        holder = memories[customer_id].facts.merged_into or customer_id
        after = facts_after(customer_id, holder, memories, envelope, rules)
        yield from ((holder, each, envelope) for each in reported(memories[holder].state.facts, envelope))
        if changes := carried(customer_id, memories, envelope, now):
            carry(changes, memories)
            yield from ((customer_id, change, envelope) for change in changes)
        for each, facts in after.items():
            memory = memories[each]
            state = replace(memory.state, facts=facts)
            evaluation = evaluate(each, state, rules, Moment(now, envelope.recorded_at))
            memories[each] = memory.after(evaluation)
            yield from ((each, change, envelope) for change in evaluation.changes)


def is_so(customer_id: UUID, memories: Mapping[UUID, Memory], event: Event) -> bool:
    """Return whether a customer is merged or separate already, as an event says. Then the event changes nothing."""
    match event:
        case Merged(into_customer_id=into_id):
            return customer_id in memories[into_id].facts.absorbed
        case Unmerged(from_customer_id=from_id):
            return customer_id not in memories[from_id].facts.absorbed
        case _:
            return False


def concerns_two(customer_id: UUID, memories: Mapping[UUID, Memory], event: Event) -> bool:
    """Return whether an event is one of a duplicate, or makes or undoes one."""
    return bool(memories[customer_id].facts.merged_into) or isinstance(event, Merged | Unmerged)


def facts_after(
    customer_id: UUID, holder: UUID, memories: Mapping[UUID, Memory], envelope: Envelope[Any], rules: RuleBook
) -> dict[UUID, Facts]:
    """Return the facts after the event, of each customer that it changes. `holder` has those of a duplicate."""
    own = memories[customer_id].state.facts
    match envelope.event:
        case Merged(into_customer_id=into_id):
            occurrence = Occurrence(envelope.occurred_at, envelope.id)
            survivor, duplicate = absorb(memories[into_id].state.facts, customer_id, own, into_id, occurrence)
            return {into_id: survivor, customer_id: duplicate}
        case Unmerged(from_customer_id=from_id):
            survivor, duplicate = release(memories[from_id].state.facts, customer_id, own)
            return {from_id: survivor, customer_id: duplicate}
        case _:
            survivor = memories[holder].state.facts
            return {holder: evolve_absorbed(survivor, envelope, rules.contacts, rules.features)}


def carried(
    customer_id: UUID, memories: Mapping[UUID, Memory], envelope: Envelope[Any], now: datetime
) -> list[Carrying]:
    """Return the open episodes that a merge carries to the survivor, or that its undoing returns."""
    match envelope.event:
        case Merged(into_customer_id=into_id):
            episodes = memories[customer_id].state.open.values()
            return [Carrying(each, customer_id, into_id, now, envelope.id) for each in episodes]
        case Unmerged(from_customer_id=from_id):
            own = {customer_id, *memories[customer_id].state.facts.absorbed}
            survivor = memories[from_id].state
            items = items_of(survivor.facts.absorbed.get(customer_id, Facts()), None)
            of_items = {item_id.concerns_id for item_id in items}
            returning = [each for each in survivor.open.values() if each.origin in own or each.concerns_id in of_items]
            return [Carrying(each, from_id, customer_id, now, envelope.id) for each in returning]
        case _:
            return []


def carry(changes: Sequence[Carrying], memories: dict[UUID, Memory]) -> None:
    """Move episodes from one customer to another."""
    moved = {str(each.alert_id): each.carried for each in changes}
    source_id, target_id = changes[0].from_customer_id, changes[0].to_customer_id
    source, target = memories[source_id], memories[target_id]
    left = {key: each for key, each in source.state.open.items() if key not in moved}
    memories[source_id] = source.with_open(left)
    memories[target_id] = target.with_open({**target.state.open, **moved})
