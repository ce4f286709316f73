"""The memory that is derived from the fact log equals the one that the detector maintains (P6)."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from chassis.consume.table_locks import lock_tables
from chassis.postgres.database import Pool, transaction
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import (
    Kind,
    Merged,
    OrderCancelled,
    OrderPlaced,
    OwnerAssigned,
    Registered,
    TierChanged,
    Unmerged,
)
from contracts.examples import example
from contracts.followup import ComplaintRaised, ContactLogged, TaskCompleted, TaskScheduled
from contracts.topics import CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.alerts.detection.derivation import Derivation
from services.alerts.detection.detector import CONSUMER
from services.alerts.detection.packing import unpacked
from tests.silence.conftest import Databases
from tests.silence.delivery import Delivered, Looked, Marked, Restarted, deliveries, in_order, what_is_right
from tests.silence.histories import CUSTOMER, FEEDS, FOLLOWUP, START, Facts, make_up
from tests.silence.test_detection import APART, Live, moved, told
from tests.support import customer_life
from tests.support.customer_life import day
from tests.support.rule_books import THREE_RULES

HISTORIES = 6
ITEMS = "SELECT customer_id, owner_id, concerns_id, state FROM silence_item"


async def derive(databases: Databases) -> None:
    async with transaction(databases.owner) as held:
        await Derivation(EventMapper(), THREE_RULES).derive_all(held)


async def stored(pool: Pool) -> Mapping[object, Any]:
    """Return what is known of each customer and item, as it is stored, and who may see the alerts."""
    customers: dict[object, Any] = {
        row["customer_id"]: row["rest"] for row in await pool.fetch("SELECT customer_id, rest FROM silence")
    }
    items: dict[object, Any] = {tuple(row)[:3]: row["state"] for row in await pool.fetch(ITEMS)}
    rows = await pool.fetch("SELECT * FROM customer_holders")
    holders: dict[object, Any] = {("holders", row["customer_id"]): tuple(row) for row in rows}
    return {**customers, **items, **holders}


async def test_the_derived_memory_is_the_maintained_one_and_raises_the_same_alerts(databases: Databases) -> None:
    live, before, head = Live(databases.app), dict.fromkeys(FEEDS, 0), 0
    for seed in range(1, HISTORIES + 1):
        random = Random(1_000 + seed)  # noqa: S311 - not for secrets
        facts = moved(make_up(random, START + seed * APART), before)
        before = {feed: before[feed] + len(facts[feed]) for feed in FEEDS}
        steps = list(deliveries(random, facts))
        for step in steps:
            await live.take(facts, step)
            if isinstance(step, Restarted):
                maintained = await stored(databases.app)
                await derive(databases)
                assert await stored(databases.app) == maintained, f"seed {seed}"
        oracle = what_is_right(facts, steps, THREE_RULES)
        assert in_order(await told(databases.app, head)) == in_order(oracle.said), f"seed {seed}"
        head = await EventStore(databases.app).head()


def life_of_two() -> Facts:
    """Return the facts of a customer and of a duplicate that is merged into it, changed meanwhile, and released."""
    first, second = UUID(int=31, version=4), UUID(int=32, version=4)
    kept, done, complaint = (UUID(int=number, version=4) for number in (41, 42, 43))
    lives = [
        (CUSTOMER, first, first, Registered(kind=Kind.COMPANY)),
        (CUSTOMER, second, second, Registered(kind=Kind.COMPANY)),
        (CUSTOMER, second, second, OwnerAssigned(owner_id="li", leader_id="wang")),
        (FOLLOWUP, second, kept, TaskScheduled(due_at=day(50), assignee_id="li")),
        (FOLLOWUP, second, done, TaskScheduled(due_at=day(51), assignee_id="li")),
        (CUSTOMER, second, second, Merged(into_customer_id=first)),
        (FOLLOWUP, second, done, TaskCompleted(due_at=day(51), employee_id="li")),
        (FOLLOWUP, second, complaint, example(ComplaintRaised)),
        (FOLLOWUP, first, first, example(ContactLogged, automated=False)),
        (CUSTOMER, second, second, Unmerged(from_customer_id=first)),
        (CUSTOMER, first, first, TierChanged(scheme="default", tier="vip")),
    ]
    facts: Facts = {feed: [] for feed in FEEDS}
    for number, (feed, subject, stream, event) in enumerate(lives):
        made = replace(customer_life.envelope(event, number, stream=stream), subject=subject)
        facts[feed].append(replace(made, position=len(facts[feed]) + 1))
    return facts


async def test_merged_customers_are_derived_together(databases: Databases) -> None:
    facts, live = life_of_two(), Live(databases.app)
    in_time = sorted((fact.recorded_at, feed, fact.position) for feed in FEEDS for fact in facts[feed])
    for at, feed, position in in_time:
        await live.take(facts, Delivered(at, feed, position - 1, position))
        maintained = await stored(databases.app)
        async with transaction(databases.owner) as held:
            await Derivation(EventMapper(), THREE_RULES).derive(held, [UUID(int=32, version=4)])
        assert await stored(databases.app) == maintained
        await derive(databases)
        assert await stored(databases.app) == maintained


async def test_the_cancellation_of_an_order_that_was_not_counted_takes_no_other_away(
    databases: Databases,
) -> None:
    placed, live = example(OrderPlaced), Live(databases.app)
    customer_id, ahead, counted = (UUID(int=number, version=4) for number in (31, 51, 52))
    lives = [
        customer_life.envelope(Registered(kind=Kind.COMPANY), 0, stream=customer_id),
        customer_life.envelope(placed, 12, recorded=9, stream=ahead),
        customer_life.envelope(placed, 10, stream=counted),
        customer_life.envelope(example(OrderCancelled), 11, stream=ahead),
    ]
    facts: Facts = {feed: [] for feed in FEEDS}
    facts[CUSTOMER] = [replace(each, subject=customer_id, position=number) for number, each in enumerate(lives, 1)]
    await live.take(facts, Delivered(day(20), CUSTOMER, 0, 3))
    before = unpacked((await stored(databases.app))[customer_id]).facts.months
    assert [count for own in before.values() for _, count in own.values()] == [1]
    await live.take(facts, Delivered(day(20), CUSTOMER, 3, 4))
    maintained = await stored(databases.app)
    assert unpacked(maintained[customer_id]).facts.months == before
    await derive(databases)
    assert await stored(databases.app) == maintained


async def test_facts_that_a_restored_store_lost_leave_no_trace(databases: Databases) -> None:
    facts, live = life_of_two(), Live(databases.app)
    await live.take(facts, Delivered(day(20), CUSTOMER, 0, len(facts[CUSTOMER])))
    await live.take(facts, Delivered(day(20), FOLLOWUP, 0, 2))
    before = await stored(databases.app)
    await live.take(facts, Delivered(day(20), FOLLOWUP, 2, len(facts[FOLLOWUP])))
    assert await stored(databases.app) != before
    async with transaction(databases.owner) as held:
        await Derivation(EventMapper(), THREE_RULES).delete_after(held, FOLLOWUP_EVENTS.owner, 2)
    assert await stored(databases.app) == before


async def test_timers_and_replays_wait_for_the_switch_of_a_rebuild(databases: Databases) -> None:
    live = Live(databases.app)
    async with transaction(databases.owner) as held:
        await lock_tables(held, CONSUMER)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await live.detector.run_due()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await live.applier.replay(customer_life.CUSTOMER)
    assert await live.detector.run_due() == 0
    assert await live.applier.replay(customer_life.CUSTOMER) == 0


async def test_a_merge_that_a_restored_store_lost_leaves_no_trace(databases: Databases) -> None:
    facts, live = life_of_two(), Live(databases.app)
    await live.take(facts, Delivered(day(20), FOLLOWUP, 0, 2))
    await live.take(facts, Delivered(day(20), CUSTOMER, 0, 3))
    before = await stored(databases.app)
    await live.take(facts, Delivered(day(20), CUSTOMER, 3, 4))
    async with transaction(databases.owner) as held:
        await Derivation(EventMapper(), THREE_RULES).delete_after(held, CUSTOMER_EVENTS.owner, 3)
    assert await stored(databases.app) == before


async def test_a_restore_of_a_log_without_the_first_facts_leaves_what_is_known(databases: Databases) -> None:
    facts, live = life_of_two(), Live(databases.app)
    await live.take(facts, Delivered(day(20), CUSTOMER, 0, len(facts[CUSTOMER])))
    await databases.owner.execute("DELETE FROM fact WHERE position < 3")
    before = await stored(databases.app)
    async with transaction(databases.owner) as held:
        await Derivation(EventMapper(), THREE_RULES).delete_after(held, CUSTOMER_EVENTS.owner, 4)
    assert await stored(databases.app) == before


async def test_an_alert_of_which_a_restored_store_lost_the_registration_ends(databases: Databases) -> None:
    facts, live = life_of_two(), Live(databases.app)
    await live.take(facts, Delivered(day(1), CUSTOMER, 0, 2))
    for step in (Marked(day(40), CUSTOMER), Marked(day(40), FOLLOWUP), Looked(day(40))):
        await live.take(facts, step)
    assert [each.kind for each in await told(databases.app)] == ["raised"] * 2
    async with transaction(databases.owner) as held:
        await Derivation(EventMapper(), THREE_RULES, lambda: day(40)).delete_after(held, CUSTOMER_EVENTS.owner, 1)
    for step in (Marked(day(41), CUSTOMER), Marked(day(41), FOLLOWUP), Looked(day(41))):
        await live.take(facts, step)
    assert [each.kind for each in await told(databases.app)] == ["raised"] * 2 + ["cleared"]


async def test_the_facts_of_a_feed_are_derived_in_the_order_of_their_positions(databases: Databases) -> None:
    facts, live = life_of_two(), Live(databases.app)
    scheduled, done = (replace(facts[FOLLOWUP][number], position=number) for number in (1, 2))
    facts[FOLLOWUP] = [scheduled, replace(done, recorded_at=scheduled.recorded_at - timedelta(days=1))]
    await live.take(facts, Delivered(day(20), CUSTOMER, 0, 3))
    await live.take(facts, Delivered(day(20), FOLLOWUP, 0, 2))
    maintained = await stored(databases.app)
    await derive(databases)
    assert await stored(databases.app) == maintained
