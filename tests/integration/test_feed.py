"""From the store through Kafka to a consumer: in order, one effect per event, no event missing."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured
from cloudevents.core.formats.json import JSONFormat

from chassis.commands.command import Context
from chassis.consume import gap_detector
from chassis.consume.applier import Batch
from chassis.consume.delivery import UNKNOWN_CUSTOMER
from chassis.consume.gap_detector import GapFoundError
from chassis.consume.positions import PositionMovedError, Progress, Source
from chassis.kafka.client import TopicMismatchError, ensure_topics
from chassis.kafka.cloudevents import STRUCTURED
from chassis.kafka.records import Row
from chassis.publish.outbox import Outbox, PreparedBatch
from contracts.topics import Topic
from services.customer.commands import ChangeProfile, Profile, Register
from tests.support.pipeline import Pipeline
from tests.support.waiting import background, eventually


def context(key: str | None = None) -> Context:
    return Context(key or str(uuid4()), "tests", "tests", datetime.now(UTC))


async def register(pipeline: Pipeline, count: int, changes: int = 0) -> list[UUID]:
    """Commit `count` customers with `changes` further events each."""
    ids = [uuid4() for _ in range(count)]
    handler = pipeline.customers
    await asyncio.gather(*(handler.handle(each, Register(name=f"公司{each}"), context()) for each in ids))
    for number in range(changes):
        command = ChangeProfile(profile=Profile(industry=f"行业{number}"))
        await asyncio.gather(*(handler.handle(each, command, context()) for each in ids))
    return ids


async def test_every_event_arrives_once_and_each_customers_events_in_order(pipeline: Pipeline) -> None:
    ids = await register(pipeline, 20, changes=4)
    async with background(pipeline.relay().run, pipeline.consumer().run):
        await eventually(lambda: pipeline.has_seen(100))
    seen = await pipeline.seen()
    for customer_id in ids:
        own = [position for subject, position in seen if subject == customer_id]
        assert own == sorted(own)
        assert len(own) == 5


async def test_an_event_committed_while_the_relay_runs_is_published_at_once(pipeline: Pipeline) -> None:
    async with background(pipeline.relay().run, pipeline.consumer().run):
        for total in (1, 2, 3):
            await register(pipeline, 1)
            await eventually(lambda total=total: pipeline.has_seen(total))  # type: ignore[misc]


async def test_an_outside_client_reads_cloudevents(pipeline: Pipeline) -> None:
    (customer_id,) = await register(pipeline, 1)
    async with background(pipeline.relay().run):
        record = await first_event(pipeline)
    headers = dict(record.headers)
    event = from_structured(KafkaMessage(headers=headers, key=record.key, value=record.value), JSONFormat())
    assert event.get_subject() == str(customer_id)
    assert event.get_type() == "care.customer.registered.v1"
    assert event.get_source() == "/care/customer"
    assert record.key == str(customer_id).encode()
    data = event.get_data()
    assert isinstance(data, dict)
    assert data["name"] == f"公司{customer_id}"


async def first_event(pipeline: Pipeline) -> ConsumerRecord[bytes, bytes]:
    reader = AIOKafkaConsumer(pipeline.topic.name, bootstrap_servers=pipeline.bootstrap, auto_offset_reset="earliest")
    async with asyncio.timeout(120):
        await topic_exists(pipeline)
        await reader.start()
        try:
            while not (record := await reader.getone()).key:
                continue
            return record
        finally:
            await reader.stop()


async def topic_exists(pipeline: Pipeline) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=pipeline.bootstrap)
    await admin.start()

    async def exists() -> bool:
        return pipeline.topic.name in await admin.list_topics()

    await eventually(exists)
    await admin.close()


async def test_reading_the_whole_topic_again_changes_nothing(pipeline: Pipeline) -> None:
    await register(pipeline, 10, changes=1)
    async with background(pipeline.relay().run):
        async with background(pipeline.consumer().run):
            await eventually(lambda: pipeline.has_seen(20))
        await forget_group_offsets(pipeline)
        await register(pipeline, 1)
        async with background(pipeline.consumer().run):
            await eventually(lambda: pipeline.has_seen(21))
    assert len(set(await pipeline.seen())) == 21


async def forget_group_offsets(pipeline: Pipeline) -> None:
    """Reset the offsets of the group to the beginning, as for an expired group."""
    reader = AIOKafkaConsumer(bootstrap_servers=pipeline.bootstrap, group_id=f"care-{pipeline.name}")
    await reader.start()
    places = [TopicPartition(pipeline.topic.name, number) for number in range(pipeline.topic.partitions)]
    reader.assign(places)
    await reader.commit(dict.fromkeys(places, 0))
    await reader.stop()


async def test_a_poison_event_parks_its_customer_and_the_others_flow(pipeline: Pipeline) -> None:
    poisoned, *healthy = await register(pipeline, 5, changes=2)
    pipeline.poison.add(poisoned)
    async with background(pipeline.relay().run, pipeline.consumer().run):
        await eventually(lambda: pipeline.has_seen(12))
        await register_more(pipeline, poisoned)
        await eventually(lambda: parked(pipeline, 4))
        assert {subject for subject, _ in await pipeline.seen()} == set(healthy)
        pipeline.poison.clear()
        assert await pipeline.applier.replay(poisoned) == 4
    assert [subject for subject, _ in await pipeline.seen()][12:] == [poisoned] * 4


async def register_more(pipeline: Pipeline, customer_id: UUID) -> None:
    await pipeline.customers.handle(customer_id, ChangeProfile(profile=Profile(region="华东")), context())


async def parked(pipeline: Pipeline, count: int) -> bool:
    rows = await pipeline.applier.parked_events.summary(pipeline.pool)
    return [row["events"] for row in rows] == [count]


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ([], b"{"),
        ([("ce_type", b"\xff\xfe")], b"{}"),
        (STRUCTURED, b"not json"),
        (STRUCTURED, b'{"position": "x"}'),
        (STRUCTURED, None),
    ],
)
async def test_a_foreign_record_is_parked_with_a_reason(
    pipeline: Pipeline, headers: Sequence[tuple[str, bytes]], value: bytes | None
) -> None:
    async with background(pipeline.relay().run, pipeline.consumer().run):
        await topic_exists(pipeline)
        producer = AIOKafkaProducer(bootstrap_servers=pipeline.bootstrap)
        await producer.start()
        await producer.send_and_wait(pipeline.topic.name, value, b"nobody", partition=0, headers=list(headers))
        await producer.stop()
        await eventually(lambda: parked(pipeline, 1))
        await register(pipeline, 3)
        await eventually(lambda: pipeline.has_seen(3))
    (row,) = await pipeline.applier.parked_events.summary(pipeline.pool)
    assert (row["subject"], bool(row["reason"])) == (UNKNOWN_CUSTOMER, True)


async def test_a_missing_record_stops_the_consumer_with_an_error(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_detector, "GAP_PATIENCE_SECONDS", 0.3)
    await register(pipeline, 50)
    async with background(pipeline.relay().run, pipeline.consumer().run):
        await eventually(lambda: pipeline.has_seen(50))
    await register(pipeline, 60)
    monkeypatch.setattr(Outbox, "_add", without_records_up_to(100))
    async with background(pipeline.relay().run), asyncio.timeout(120):
        with pytest.raises(GapFoundError):
            await pipeline.consumer().run()
    assert await pipeline.has_seen(50)


def without_records_up_to(position: int) -> Callable[[Outbox, PreparedBatch, Row, int], None]:
    """Return a faulty `Outbox._add`: it omits records, but counts them as published."""
    sound = Outbox._add

    def add(outbox: Outbox, batch: PreparedBatch, row: Row, partition: int) -> None:
        sound(outbox, batch, row, partition)
        if row["position"] <= position:
            batch.outgoing[outbox.topics[0].name, partition].pop()

    return add


async def test_a_lost_topic_is_refilled_and_readers_carry_on(pipeline: Pipeline) -> None:
    await register(pipeline, 10, changes=1)
    async with background(pipeline.relay().run, pipeline.consumer().run):
        await eventually(lambda: pipeline.has_seen(20))
    admin = AIOKafkaAdminClient(bootstrap_servers=pipeline.bootstrap)
    await admin.start()
    await admin.delete_topics([pipeline.topic.name])
    await admin.close()
    await asyncio.sleep(1)
    await register(pipeline, 1)
    async with background(pipeline.relay().run, pipeline.consumer().run):
        await eventually(lambda: pipeline.has_seen(21))
    assert len(set(await pipeline.seen())) == 21


async def test_only_one_of_two_relays_publishes(pipeline: Pipeline) -> None:
    first, second = pipeline.relay(), pipeline.relay()
    async with background(first.run):
        await register(pipeline, 3)
        async with background(second.run, pipeline.consumer().run):
            await eventually(lambda: pipeline.has_seen(3))
            assert second.epoch is None
            assert first.epoch is not None


async def test_a_zombie_is_rejected(pipeline: Pipeline) -> None:
    source = Source("anything", 0)
    applier = pipeline.applier
    start = await applier.progress(source)
    ahead = Batch(progress=Progress(5, datetime.now(UTC)))
    await applier.apply({source: (start, ahead)})
    with pytest.raises(PositionMovedError):
        await applier.apply({source: (start, ahead)})


async def test_a_topic_with_another_number_of_partitions_is_rejected(pipeline: Pipeline) -> None:
    async with background(pipeline.relay().run):
        await topic_exists(pipeline)
    other = Topic(pipeline.topic.name, "customer", "Declared otherwise.", pipeline.topic.events, partitions=4)
    with pytest.raises(TopicMismatchError, match="3 partitions, declared are 4"):
        await ensure_topics(pipeline.bootstrap, (other,))
