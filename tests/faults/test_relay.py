"""R19, R21, R22, R23, R26: the relay with slow brokers, broken producers, other relays, and unreadable rows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from chassis.kafka import client, sending
from chassis.kafka.sending import Outgoing, send_all
from chassis.publish import cursor
from chassis.publish import relay as relay_module
from chassis.publish.lease import LeaseLostError
from chassis.runtime import metrics
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.alerts import AlertRaised
from contracts.examples import example, example_envelope
from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import (
    ALL_PUBLISHED,
    INSERT_EVENT,
    Deployment,
    as_admin,
    expire_lease,
    wait_until_true,
)
from tests.faults.support.facts import commit
from tests.faults.support.proxy import Proxy, proxy_to_kafka
from tests.faults.support.relay_process import check_topic, detail_contains, supervised
from tests.support.pipeline import Pipeline
from tests.support.servers import Database
from tests.support.waiting import background, eventually


@asynccontextmanager
async def impatient_link(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Proxy, Pipeline]]:
    """A relay connected to the broker through a proxy, with short time-outs."""
    monkeypatch.setattr(client, "REQUEST_TIMEOUT_MS", 1_000)
    for module in (sending, relay_module):
        monkeypatch.setattr(module, "SEND_DEADLINE_SECONDS", 2.0)
    async with proxy_to_kafka(pipeline.bootstrap) as proxy:
        yield proxy, replace(pipeline, bootstrap=f"127.0.0.1:{proxy.port}")


def slow(proxy: Proxy) -> None:
    proxy.replies.latency_seconds = 3.0


def silent(proxy: Proxy) -> None:
    proxy.replies.swallow = True


def half_open(proxy: Proxy) -> None:
    proxy.freeze()


def cut(proxy: Proxy) -> None:
    proxy.replies.swallow = True
    asyncio.get_running_loop().call_later(0.5, proxy.reset)


NIGHTLY = pytest.mark.nightly


@pytest.mark.parametrize(
    "toxic", [slow, cut, pytest.param(silent, marks=NIGHTLY), pytest.param(half_open, marks=NIGHTLY)]
)
async def test_r19_a_missing_acknowledgement_does_not_move_the_cursor(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch, toxic: Callable[[Proxy], None]
) -> None:
    async with (
        impatient_link(watched, monkeypatch) as (proxy, behind),
        background(supervised(behind.relay()), watched.consumer().run),
    ):
        await commit(watched.store, 10)
        # A consumer can see records before the relay gets the acknowledgement, so the acknowledgement must come first.
        await wait_until_true(watched.pool, ALL_PUBLISHED)
        toxic(proxy)
        await commit(watched.store, 50)
        await asyncio.sleep(3.5)
        assert await watched.pool.fetchval("SELECT position FROM relay_cursor") == 10
        proxy.heal()
        proxy.reset()
        await eventually(lambda: watched.has_seen(60))
        await check_topic(watched)
    oracle.hold(oracle.applied_once(await evidence.stored(watched.pool), await evidence.applied(watched.pool)))


async def test_r21_a_producer_out_of_step_is_replaced_without_a_restart(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    producers: list[AIOKafkaProducer] = []

    def remembered(*given: Any, **known: Any) -> AIOKafkaProducer:
        producers.append(client.new_producer(*given, **known))
        return producers[-1]

    monkeypatch.setattr(relay_module, "new_producer", remembered)
    async with background(supervised(watched.relay()), watched.consumer().run):
        await commit(watched.store, 10)
        await eventually(lambda: watched.has_seen(10))
        for number in range(watched.topic.partitions):
            place = TopicPartition(watched.topic.name, number)
            producers[-1]._txn_manager.increment_sequence_number(place, 7)
        await commit(watched.store, 20)
        await eventually(lambda: watched.has_seen(30))
        await check_topic(watched)
    assert len(producers) > 1


async def woken_leader(pipeline: Pipeline, database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pause a relay after its acknowledgement until another one has published more; return the moves of the cursor."""
    paused, go_on, never = asyncio.Event(), asyncio.Event(), asyncio.Event()
    first, second = pipeline.relay(), pipeline.relay()
    leaders: list[AIOKafkaProducer] = []

    async def send_and_pause(producer: AIOKafkaProducer, outgoing: Outgoing) -> None:
        # The leader stops after the move before which it was paused, so that its effect stays visible.
        await (never.wait() if producer in leaders else send_all(producer, outgoing))
        if not paused.is_set():
            leaders.append(producer)
            paused.set()
            await go_on.wait()

    monkeypatch.setattr(relay_module, "send_all", send_and_pause)
    await commit(pipeline.store, 5)
    leader = asyncio.create_task(first.run())
    await paused.wait()
    await expire_lease(database)
    async with background(second.run):
        await commit(pipeline.store, 5)
        await wait_until_true(pipeline.pool, ALL_PUBLISHED)
        before = await pipeline.pool.fetchval("SELECT position FROM relay_cursor")
        go_on.set()
        await asyncio.wait([leader], timeout=2)
        after = await pipeline.pool.fetchval("SELECT position FROM relay_cursor")
    leader.cancel()
    (ended,) = await asyncio.gather(leader, return_exceptions=True)
    fenced = [] if isinstance(ended, LeaseLostError) else ["I6: the paused leader was not refused"]
    return [*oracle.never_back({"cursor": [before, after]}, 10), *fenced]


async def test_r22_a_leader_that_resumes_cannot_move_the_cursor(
    watched: Pipeline, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle.hold(await woken_leader(watched, database, monkeypatch))
    await check_topic(watched)


async def test_r22_without_the_lease_a_resumed_leader_is_detected(
    watched: Pipeline, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        cursor,
        "MOVE",
        cursor.MOVE.replace("holder = $1 AND epoch = $2", "$1::uuid IS NOT NULL AND $2::bigint > 0"),
    )
    with pytest.raises(AssertionError, match="I6: cursor went back from 10 to 5"):
        oracle.hold(await woken_leader(watched, database, monkeypatch))


async def test_r22_a_frozen_relay_is_replaced_by_another_and_does_no_harm(
    deployment: Deployment, database: Database, pool: Any
) -> None:
    store = EventStore(pool)
    first = await deployment.start("customer", "relay", database.app)
    second = await deployment.start("customer", "relay", database.app)
    cursors: list[int] = []

    async def watch() -> None:
        while True:
            cursors.append(await pool.fetchval("SELECT position FROM relay_cursor"))
            await asyncio.sleep(0.05)

    async with background(watch):
        await commit(store, 50)
        await wait_until_true(pool, ALL_PUBLISHED)
        first.freeze()
        await expire_lease(database)
        await commit(store, 50)
        await wait_until_true(pool, ALL_PUBLISHED)
        first.thaw()
        await commit(store, 50)
        await wait_until_true(pool, ALL_PUBLISHED)
    assert second.child.running
    stored = await evidence.stored(pool)
    topic = await evidence.published(deployment.bootstrap, deployment.topic)
    oracle.hold(oracle.topic_is_complete(stored, topic), oracle.never_back({"cursor": cursors}, len(stored)))


async def test_a_store_that_never_rests_has_watermarks(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the relay reads the watermark, there is one more event than it has published."""

    async def after_a_commit(store: EventStore) -> tuple[int, datetime]:
        await commit(store, 1)
        return await read(store)

    read = EventStore.watermark
    monkeypatch.setattr(EventStore, "watermark", after_a_commit)
    monkeypatch.setattr(relay_module, "WATERMARK_SECONDS", 0.1)
    async with background(pipeline.relay().run):
        await eventually(pipeline.has_watermarks)


def too_large() -> bytes:
    causes = [uuid4() for _ in range(30_000)]
    event = example(AlertRaised, causes=causes)
    return EventMapper().to_new_event(example_envelope(event)).state


UNREADABLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a state that is no JSON": ("care.customer.registered.v1", lambda: b"{broken"),
    "a state of another schema": ("care.customer.registered.v1", lambda: b'{"data": {}}'),
    "more than the broker takes": ("care.alert.raised.v1", too_large),
}


@pytest.mark.parametrize("planted", UNREADABLE)
async def test_r23_an_unreadable_row_parks_only_its_customer(
    watched: Pipeline, database: Database, planted: str
) -> None:
    event_type, state = UNREADABLE[planted]
    counted = metrics.UNREADABLE.labels(watched.topic.name)
    victim = uuid4()
    await commit(watched.store, 3)
    await as_admin(database, INSERT_EVENT, victim, event_type, state())
    await commit(watched.store, 3)
    async with background(watched.relay().run, watched.consumer().run):
        await eventually(lambda: watched.has_seen(6))
        await eventually(lambda: parked(watched, victim))
    assert counted._value.get() == 1


async def parked(pipeline: Pipeline, subject: UUID) -> bool:
    return [row["subject"] for row in await pipeline.applier.parked_events.summary(pipeline.pool)] == [subject]


async def test_r23_an_event_type_of_a_newer_build_is_published_as_stored(watched: Pipeline, database: Database) -> None:
    stored = example_envelope(example(AlertRaised))
    state = EventMapper().to_new_event(stored).state.replace(b"care.alert.raised.v1", b"care.alert.escalated.v9")
    await as_admin(database, INSERT_EVENT, uuid4(), "care.alert.escalated.v9", state)
    await commit(watched.store, 3)
    async with background(watched.relay().run, watched.consumer().run):
        await eventually(lambda: watched.has_seen(3))
        assert await watched.applier.parked_events.summary(watched.pool) == []
        topic = await evidence.published(watched.bootstrap, watched.topic)
    assert stored.id in {record.event_id for record in topic}


async def test_r26_a_topic_with_another_number_of_partitions_is_reported_by_name(pipeline: Pipeline) -> None:
    await client.ensure_topics(pipeline.bootstrap, (replace(pipeline.topic, partitions=4),))
    await commit(pipeline.store, 3)
    health = Health("relay")
    async with background(supervised(pipeline.relay(), health)):
        await eventually(lambda: detail_contains(health, "has 4 partitions, declared are 3"))
        assert not health.is_ready
    assert await pipeline.pool.fetchval("SELECT position FROM relay_cursor") == 0


async def test_r26_a_missing_topic_is_created_as_declared_by_the_first_relay(pipeline: Pipeline) -> None:
    await commit(pipeline.store, 3)
    async with background(pipeline.consumer().run):
        await asyncio.sleep(0.5)
        async with background(pipeline.relay().run):
            await eventually(lambda: pipeline.has_seen(3))
