"""Splits a customer's state into its open items (tasks, complaints, terms) and the rest: an event needs only one item.

An event about an item changes that item and no other. No other event changes when an item is due, except those of
`CONCERNS_ALL`, a tier (`follows_tier`), and an attribute or a segment if rules about items depend on it. An owner
changes whom an alert is addressed to (`follows_owner`), and a merge moves the items of the duplicate. So evaluating an
event together with these items only gives the same result as evaluating the whole state.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias, get_args
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.customer import CustomerErased, Merged, Registered, Unmerged
from contracts.event import Envelope
from contracts.followup.complaint import ComplaintEvent, RepeatEvent
from contracts.followup.task import TaskEvent
from services.alerts.engine.episode import Episode
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.facts import Facts
from services.alerts.engine.findings import find
from services.alerts.engine.owed_items import Items
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Owed
from services.alerts.engine.stretch import ALWAYS_DUE, NEVER_DUE
from services.alerts.engine.terms import CONCLUSION, OF_CONTRACT, OF_QUOTE, QUOTE

CONCERNS_ALL: Final = frozenset({Registered, CustomerErased, Merged, Unmerged})
# The events about one task, complaint, contract or quote.
OF_ITEMS: Final = frozenset(
    {*get_args(TaskEvent), *get_args(ComplaintEvent), *get_args(RepeatEvent), *OF_CONTRACT, *OF_QUOTE}
)
# The kinds of terms that are due a time after their beginning that rules state by tier.
OF_TIERS: Final = frozenset({QUOTE, CONCLUSION})


class ItemId(Struct, frozen=True, gc=False):
    """A task, complaint, contract or quote.

    `duplicate_id` is the duplicate that it belongs to, if it is not the customer's own.
    """

    concerns_id: UUID
    duplicate_id: UUID | None = None


# The facts of one item, and its open episodes.
Item: TypeAlias = CustomerState


class Divided(NamedTuple):
    """A customer's state: `rest` has no items and no episodes about items. `items` is changed in place."""

    rest: CustomerState
    items: dict[ItemId, Item]


def concerns_all(envelope: Envelope[Any], rules: RuleBook) -> bool:
    """Return whether an event may change when any item is due."""
    kind = type(envelope.event)
    return kind in CONCERNS_ALL or kind in rules.selecting_items


def follows_owner(item: Item) -> bool:
    """Return whether the alerts about the item are addressed to the owner of the customer."""
    facts = item.facts
    owed = (*facts.tasks.values(), *facts.complaints.values(), *facts.terms.values())
    return not all(each.employee_id for each in owed)


def follows_tier(item: Item) -> bool:
    """Return whether the tier of the customer decides when the item is due."""
    return any(each.kind in OF_TIERS for each in item.facts.terms.values())


def divide(state: CustomerState) -> Divided:
    """Return the state in parts. `unite` is the inverse."""
    if not state.facts.absorbed and not has_items(state.facts):
        return Divided(state, {})
    items = items_of(state.facts, None)
    for duplicate_id, facts in state.facts.absorbed.items():
        items |= items_of(facts, duplicate_id)
    if not items:
        return Divided(state, {})
    owners = {item_id.concerns_id: item_id for item_id in items}
    open_rest = {}
    for key, episode in state.open.items():
        if (owner := owners.get(episode.concerns_id) if episode.concerns_id else None) is None:
            open_rest[key] = episode
        else:
            items[owner].open[key] = episode
    facts = without_items(state.facts)
    if facts.absorbed:
        facts = replace(facts, absorbed={key: without_items(each) for key, each in facts.absorbed.items()})
    return Divided(CustomerState(facts, open_rest, state.judged_until), items)


def items_of(facts: Facts, duplicate_id: UUID | None) -> dict[ItemId, Item]:
    if not has_items(facts):
        return {}
    own: dict[UUID, tuple[Items, Items, Items]] = {}
    for place, items in enumerate((facts.tasks, facts.complaints, facts.terms)):
        for key, owed in items.items():
            own.setdefault(owed.concerns_id, ({}, {}, {}))[place][key] = owed
    return {
        ItemId(each, duplicate_id): CustomerState(Facts(tasks=tasks, complaints=complaints, terms=terms))
        for each, (tasks, complaints, terms) in own.items()
    }


def has_items(facts: Facts) -> bool:
    return bool(facts.tasks or facts.complaints or facts.terms)


def without_items(facts: Facts) -> Facts:
    return replace(facts, tasks={}, complaints={}, terms={}) if has_items(facts) else facts


def unite(rest: CustomerState, items: Mapping[ItemId, Item]) -> CustomerState:
    """Return the rest of a state together with items. The rest may have items already."""
    if not items:
        return rest
    by_owner: dict[UUID | None, list[Facts]] = defaultdict(list)
    for item_id, item in items.items():
        by_owner[item_id.duplicate_id].append(item.facts)
    facts = with_items(rest.facts, by_owner[None])
    if facts.absorbed:
        facts = replace(facts, absorbed={key: with_items(each, by_owner[key]) for key, each in facts.absorbed.items()})
    episodes = dict(rest.open)
    for item in items.values():
        episodes |= item.open
    return CustomerState(facts, episodes, rest.judged_until)


def with_open(items: Mapping[ItemId, Item], episodes: Mapping[str, Episode]) -> dict[ItemId, Item]:
    """Return items with those of the open episodes that are about them."""
    found = {item_id: CustomerState(item.facts, {}) for item_id, item in items.items()}
    owners = {item_id.concerns_id: each.open for item_id, each in found.items()}
    for key, episode in episodes.items():
        if episode.concerns_id in owners:
            owners[episode.concerns_id][key] = episode
    return found


def with_items(facts: Facts, items: Sequence[Facts]) -> Facts:
    if not items:
        return facts
    tasks, complaints, terms = dict(facts.tasks), dict(facts.complaints), dict(facts.terms)
    for item in items:
        tasks |= item.tasks
        complaints |= item.complaints
        terms |= item.terms
    return replace(facts, tasks=tasks, complaints=complaints, terms=terms)


def due_at(rest: Facts, item: Item, rules: RuleBook) -> datetime:
    """Return when an alert about the item is due, or an open one must end because its rule is gone.

    `rest` are the facts of the customer together with those of its duplicates, without items.
    """
    if any(rules.rule(episode.rule_id) is None for episode in item.open.values()):
        return ALWAYS_DUE
    if not rules.shadow and item.open and is_raised(item, rules):
        return NEVER_DUE
    own = item.facts
    facts = replace(rest, tasks=own.tasks, complaints=own.complaints, terms=own.terms)
    every = find(facts, rules, rules.of_items)
    if rules.shadow:
        every += find(facts, rules.shadow_book, rules.shadow_book.of_items)
    open_keys = {episode.key for episode in item.open.values()}
    awaited = [finding for finding in every if finding.is_awaited and finding.key not in open_keys]
    return min([finding.due_at for finding in awaited], default=NEVER_DUE)


def is_raised(item: Item, rules: RuleBook) -> bool:
    """Return whether all that the rules find in an item is open already."""
    keys = {episode.key for episode in item.open.values()}
    for rule in rules.of_items.watching(item.facts):
        for each in rule.condition.items(item.facts) if isinstance(rule.condition, Owed) else ():
            if (rule.id, each.concerns_id, each.since.at) not in keys:
                return False
    return True
