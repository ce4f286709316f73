"""Fills the rings of features that a memory lacks from the fact log, and drops those that no rule counts any more.

A rule with a new expression needs the past. Whoever evaluates customers calls `completed` first, with the customers
locked: the log has all events that their memories have, and those of the transaction, which are left out: they are
folded later, and change alerts then.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from chassis.postgres.database import Connection, Pool, transaction
from contracts.cloudevents import type_of
from services.alerts.detection.derivation import FACTS, envelope_of
from services.alerts.detection.memory import Memory
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.facts import Facts
from services.alerts.engine.feature_rings import Names, has_all, holders, with_rings
from services.alerts.engine.features import Features
from services.alerts.engine.folds.counted import with_counted
from services.alerts.engine.rule_book import RuleBook

# Facts that are read at once.
PREFETCHED: Final = 200
# In order of time: the newest entry of a ring is appended.
PAST: Final = f"{FACTS} WHERE customer_id = ANY($1) AND type = ANY($2) AND event_id <> ALL($3) ORDER BY occurred_at"


async def completed(
    held: Connection, memories: Mapping[UUID, Memory], rules: RuleBook, later: Collection[UUID] = ()
) -> dict[UUID, Memory]:
    """Return the memories with the rings of the features that the rules count, and of no others.

    `later` are the ids of events that the log has and the memories do not have yet.
    """
    names = rules.features.names
    lacking = {key: each.facts for key, each in memories.items() if not has_all(each.facts, names)}
    found = await with_features(held, lacking, rules, later) if lacking else {}
    return {**memories, **{key: memories[key].with_facts(facts) for key, facts in found.items()}}


async def completed_states(
    pool: Pool, states: Mapping[UUID, CustomerState], rules: RuleBook
) -> dict[UUID, CustomerState]:
    """Return the states with what the rules count, for readers. Nothing is stored."""
    names = rules.features.names
    lacking = {key: each.facts for key, each in states.items() if not has_all(each.facts, names)}
    if not lacking:
        return dict(states)
    async with transaction(pool) as held:
        found = await with_features(held, lacking, rules)
    return {**states, **{key: replace(states[key], facts=facts) for key, facts in found.items()}}


async def with_features(
    held: Connection, lacking: Mapping[UUID, Facts], rules: RuleBook, later: Collection[UUID] = ()
) -> dict[UUID, Facts]:
    """Return the facts of customers that do not have the rings of the features, with them."""
    found = await past_of(held, lacking, rules, later)
    return {key: with_rings(key, each, rules.features.names, found) for key, each in lacking.items()}


async def past_of(
    held: Connection, lacking: Mapping[UUID, Facts], rules: RuleBook, later: Collection[UUID]
) -> dict[UUID, Facts]:
    """Return the rings that are not known, by customer, also of duplicates. Each fact is read once for all of them."""

    @cache
    def beyond(names: Names) -> Features:
        return rules.features.without(names)

    own = (each for key, facts in lacking.items() for each in holders(key, facts))
    missing = {key: features for key, facts in own if (features := beyond(facts.features)).names}
    types = {type_of(kind) for features in missing.values() for kind in features.by_kind}
    found: dict[UUID, Facts] = {}
    if types:
        async for row in held.cursor(PAST, list(missing), list(types), list(later), prefetch=PREFETCHED):
            envelope = envelope_of(row)
            heard = missing[envelope.subject].by_kind.get(type(envelope.event), ())
            before = found.get(envelope.subject, Facts())
            found[envelope.subject] = with_counted(before, envelope, heard, rules.contacts)
    return found
