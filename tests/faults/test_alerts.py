"""R27, R38, R41 for alerts: if the service is killed, runs twice or is late, each alert is raised once with one id."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.consume.positions import Positions, Progress, Source
from chassis.postgres.database import Pool, transaction
from chassis.publish.relay import Relay
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import Stage
from contracts.event import Envelope
from contracts.example_records import EXAMPLE_URL
from contracts.topics import ALERT_EVENTS, CUSTOMER_EVENTS, FOLLOWUP_EVENTS, PARTITIONS, Topic
from services.alerts.detection.detector import CONSUMER, FEEDS, Detector
from services.alerts.engine.episodes import CustomerState, Moment, evaluate
from services.alerts.engine.folds import evolve
from services.alerts.engine.raising import Begun
from services.customer.commands import Profile, Register
from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import ALL_PUBLISHED, Deployment, keep_running_process, pool_at, wait_until_true
from tests.faults.support.facts import context, handler_of
from tests.support.rule_books import THREE_RULES
from tests.support.servers import Database, Servers
from tests.support.waiting import background, eventually

SILENT = 20
LONG_AGO = timedelta(days=60)


@pytest.fixture
async def alerts(running: Servers) -> Database:
    return await running.database("alerts")


@pytest.fixture
async def alerts_pool(alerts: Database) -> AsyncIterator[Pool]:
    async with pool_at(alerts.app) as opened:
        yield opened


@pytest.fixture
async def followup_pool(running: Servers) -> AsyncIterator[Pool]:
    database = await running.database("followup")
    async with pool_at(database.app) as opened:
        yield opened


async def fall_silent(pool: Pool, count: int) -> None:
    """Register customers whose last contact was long ago."""
    command = Register(
        name="沉默的公司",
        stage=Stage.INTERESTED,
        owner_id="wang",
        profile=Profile(last_contacted_at=datetime.now(UTC) - LONG_AGO),
    )
    handler = handler_of(EventStore(pool))
    await asyncio.gather(*(handler.handle(uuid4(), command, context()) for _ in range(count)))


def expected_alerts(facts: list[Envelope[Any]], now: datetime) -> set[str]:
    """Return the alerts that the engine raises for the events of the store."""
    by_customer: dict[UUID, CustomerState] = defaultdict(CustomerState)
    for fact in facts:
        known = by_customer[fact.subject]
        by_customer[fact.subject] = CustomerState(evolve(known.facts, fact), known.open)
    steps = [
        evaluate(key, state, THREE_RULES, Moment(now, now, is_complete=True)) for key, state in by_customer.items()
    ]
    changes = [change for step in steps for change in step.changes]
    return {change.alert.dedup_key for change in changes if isinstance(change, Begun)}


def relay_for(deployment: Deployment, pool: Pool, topic: Topic) -> Relay:
    return Relay(
        EventStore(pool),
        pool,
        deployment.own(topic),
        bootstrap=deployment.bootstrap,
        public_url=EXAMPLE_URL,
        health=Health("relay"),
    )


async def raised(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM event WHERE type = 'care.alert.raised.v1'"))


@pytest.mark.parametrize("kills", [1, pytest.param(4, marks=pytest.mark.nightly)])
async def test_r27_alerts_killed_at_work_raise_each_silence_once(
    deployment: Deployment, pool: Pool, followup_pool: Pool, alerts_pool: Pool, alerts: Database, kills: int
) -> None:
    relays = relay_for(deployment, pool, CUSTOMER_EVENTS), relay_for(deployment, followup_pool, FOLLOWUP_EVENTS)
    await fall_silent(pool, SILENT)
    process = await deployment.start("alerts", "all", alerts.app, crash_at="consumer.before-offset-commit")
    async with background(*(relay.run for relay in relays), lambda: keep_running_process(process, alerts)):
        for number in range(kills):
            await fall_silent(pool, SILENT)
            expected = SILENT * (number + 2)
            await eventually(lambda expected=expected: all_raised(alerts_pool, expected))  # type: ignore[misc]
            await process.kill()
        await wait_until_true(alerts_pool, ALL_PUBLISHED)
        topic = await evidence.published(deployment.bootstrap, deployment.own(ALERT_EVENTS))
    expected_keys = expected_alerts(await evidence.stored(pool), datetime.now(UTC))
    stored = await evidence.stored(alerts_pool)
    assert len(expected_keys) == SILENT * (kills + 1)
    oracle.hold(
        oracle.alerts_are_raised_once(expected_keys, stored, topic),
        oracle.topic_is_complete(stored, topic),
    )


async def all_raised(pool: Pool, count: int) -> bool:
    return await raised(pool) >= count


async def test_r38_r41_two_schedulers_back_after_hours_raise_each_silence_once(pool: Pool, alerts_pool: Pool) -> None:
    await fall_silent(pool, SILENT)
    facts = await evidence.stored(pool)
    hours_later = datetime.now(UTC) + timedelta(hours=2)
    copies = [
        Detector(EventStore(alerts_pool), alerts_pool, EventMapper(), THREE_RULES, lambda: hours_later)
        for _ in range(3)
    ]
    async with transaction(alerts_pool) as held:
        await copies[0].evaluate(facts, held)
    assert await raised(alerts_pool) == 0
    await watermarks_reached(alerts_pool, hours_later)
    for _ in range(3):
        await asyncio.gather(*(copy.run_due() for copy in copies))
    stored = await evidence.stored(alerts_pool)
    told = [oracle.Published(0, 0, each.id, each.subject, each.stream_id, 1, 1, 0) for each in stored]
    oracle.hold(oracle.alerts_are_raised_once(expected_alerts(facts, hours_later), stored, told))
    assert len(stored) == SILENT


async def test_a_silent_customer_is_not_raised_while_a_feed_lags(pool: Pool, alerts_pool: Pool) -> None:
    await fall_silent(pool, 1)
    facts = await evidence.stored(pool)
    later = datetime.now(UTC) + timedelta(hours=2)
    detector = Detector(EventStore(alerts_pool), alerts_pool, EventMapper(), THREE_RULES, lambda: later)
    async with transaction(alerts_pool) as held:
        await detector.evaluate(facts, held)
    await watermarks_reached(alerts_pool, later, feeds=FEEDS[:1])
    assert await detector.run_due() == 0


async def watermarks_reached(pool: Pool, until: datetime, feeds: list[str] = FEEDS) -> None:
    """Wait until the watermarks of the feeds have reached an instant."""
    positions = Positions(CONSUMER)
    for feed in feeds:
        for partition in range(PARTITIONS):
            source = Source(feed, partition)
            start = await positions.load(pool, source)
            async with transaction(pool) as held:
                await positions.move(held, {source: (start.position, Progress(start.position, until))})
