"""A service acknowledges nothing before its store has been compared with Kafka."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer

from chassis.consume.verification import ConsumerAheadError, KafkaAway, StoreVerification
from chassis.publish.topic_check import LAST_RECORDS, OtherEpochError, StoreBehindTopicError
from chassis.runtime.supervisor import Health
from chassis.store.event_store import AppendsRefusedError, EventStore
from contracts.topics import Topic
from tests.faults.support.deployment import ALL_PUBLISHED, as_admin, wait_until_true
from tests.faults.support.facts import change, commit
from tests.faults.support.relay_process import delete_topic, detail_contains
from tests.support.pipeline import Pipeline
from tests.support.servers import Database
from tests.support.waiting import background, eventually

KEPT = 20
SET_BACK = f"DELETE FROM event WHERE position > {KEPT}"
NEW_EPOCH = "UPDATE store_epoch SET epoch = gen_random_uuid()"
NOWHERE = "127.0.0.1:1"


def verification(
    pipeline: Pipeline,
    *,
    feeds: tuple[Topic, ...] = (),
    bootstrap: str | None = None,
    health: Health | None = None,
    kafka_away: KafkaAway = "refuse",
) -> StoreVerification:
    return StoreVerification(
        pipeline.store,
        pipeline.pool,
        pipeline.topic,
        feeds,
        bootstrap=bootstrap or pipeline.bootstrap,
        health=health or Health("verification"),
        kafka_away=kafka_away,
    )


async def published(pipeline: Pipeline) -> None:
    """Publish and apply 40 events of 20 customers."""
    async with background(pipeline.relay().run, pipeline.consumer().run):
        ids = await commit(pipeline.store, KEPT)
        await change(pipeline.store, ids, "later")
        await eventually(lambda: pipeline.has_seen(2 * KEPT))
        await wait_until_true(pipeline.pool, ALL_PUBLISHED)


async def accepts(store: EventStore) -> bool:
    return await store.fault() is None


async def test_61_a_store_refuses_appends_until_it_has_been_compared_with_its_topic(watched: Pipeline) -> None:
    await published(watched)
    checked = verification(watched)
    checked.begin()
    with pytest.raises(AppendsRefusedError):
        await commit(watched.store, 1)
    async with background(checked.run):
        await eventually(lambda: accepts(watched.store))
        await commit(watched.store, 1)


async def test_61_an_older_copy_of_a_store_never_accepts_an_append(watched: Pipeline, database: Database) -> None:
    await published(watched)
    await as_admin(database, SET_BACK)
    health = Health("verification")
    checked = verification(watched, health=health)
    checked.begin()
    async with background(checked.run):
        await eventually(lambda: detail_contains(health, f"its store ends at {KEPT}"))
        with pytest.raises(AppendsRefusedError, match="its store ends at"):
            await commit(watched.store, 1)
    with pytest.raises(StoreBehindTopicError):
        await checked.verify()


async def test_61_an_older_copy_is_recognised_behind_records_of_others(watched: Pipeline, database: Database) -> None:
    await published(watched)
    await as_admin(database, SET_BACK)
    async with AIOKafkaProducer(bootstrap_servers=watched.bootstrap) as producer:
        for partition in range(watched.topic.partitions):
            for _ in range(LAST_RECORDS + 1):
                await producer.send(watched.topic.name, b"junk", partition=partition)
    with pytest.raises(StoreBehindTopicError):
        await verification(watched).verify()


async def test_61_a_consumer_waits_until_the_store_is_verified(watched: Pipeline) -> None:
    await published(watched)
    checked, started = verification(watched), asyncio.Event()
    checked.begin()

    async def run() -> None:
        started.set()
        await asyncio.Event().wait()

    async def is_started() -> bool:
        return started.is_set()

    async with background(lambda: checked.consume(run)):
        await asyncio.sleep(0)
        assert not started.is_set()
        async with background(checked.run):
            await eventually(is_started)


async def test_61_a_store_in_a_new_epoch_waits_until_its_topic_is_refilled(
    watched: Pipeline, database: Database
) -> None:
    await published(watched)
    await as_admin(database, NEW_EPOCH)
    with pytest.raises(OtherEpochError, match="another epoch"):
        await verification(watched).verify()
    await delete_topic(watched.bootstrap, watched.topic)
    await verification(watched).verify()


async def test_61_a_consumer_ahead_of_the_topic_keeps_its_service_from_accepting(
    watched: Pipeline, database: Database
) -> None:
    await published(watched)
    feed = verification(watched, feeds=(watched.topic,))
    await feed.verify()
    await as_admin(database, "UPDATE consumer_position SET position = position + 1 WHERE partition = 0")
    with pytest.raises(ConsumerAheadError, match="/0 ends at position"):
        await feed.verify()
    await as_admin(database, "UPDATE consumer_position SET position = position - 1 WHERE partition = 0")
    await as_admin(database, "UPDATE consumer_position SET event_id = gen_random_uuid()")
    with pytest.raises(ConsumerAheadError, match="holds another event"):
        await feed.verify()
    await as_admin(database, "UPDATE consumer_position SET epoch = gen_random_uuid()")
    with pytest.raises(ConsumerAheadError, match="is in epoch"):
        await feed.verify()


@pytest.mark.parametrize(("kafka_away", "is_accepted"), [("refuse", False), ("accept", True)])
async def test_the_setting_decides_what_happens_while_kafka_is_away_at_the_start(
    watched: Pipeline, kafka_away: KafkaAway, is_accepted: bool
) -> None:
    health = Health("verification")
    checked = verification(watched, bootstrap=NOWHERE, health=health, kafka_away=kafka_away)
    checked.begin()
    async with background(checked.run):
        await eventually(lambda: detail_contains(health, "cannot be compared with Kafka"))
        assert await accepts(watched.store) == is_accepted
