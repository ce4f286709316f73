"""The relay draining a store, against a bare idempotent producer of the same client.

It sends the same bytes, or the same events as records with 15 headers (CloudEvents in binary mode).
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from time import perf_counter
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from chassis.kafka.client import ensure_topics, new_producer, partition_of
from chassis.kafka.records import Record
from chassis.postgres.database import Pool
from chassis.publish.relay import Relay
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from contracts.event import Envelope
from contracts.example_records import EXAMPLE_URL
from contracts.topics import CUSTOMER_EVENTS, Topic
from deploy.stack.infrastructure import Infrastructure
from tests.bench.harness.event_data import OWN_LIFE, fill, mixed
from tests.bench.harness.measuring import Bed, Figure, administrator, interleaved, rate
from tests.support.records import record_of
from tests.support.servers import Database
from tests.support.waiting import background

EVENTS_PER_SECOND_OF_EFFORT = 10_000
LOOK_SECONDS = 0.002
DEADLINE_SECONDS = 120.0
TARGET, TARGET_AGAINST_HEADERS = 0.45, 0.8
FROM_THE_START = """
    UPDATE relay_cursor SET position = 0; UPDATE relay_partition SET position = 0;
    UPDATE relay_lease SET expires_at = '-infinity';
"""


async def measure(bed: Bed) -> list[Figure]:
    customers = round(EVENTS_PER_SECOND_OF_EFFORT * bed.effort.seconds / len(OWN_LIFE))
    envelopes = list(mixed(customers, OWN_LIFE))
    infrastructure = bed.servers.infrastructure
    if not infrastructure.kafka_genuine:
        bed.say(f"relay: {infrastructure.kafka_label} is a stand-in, so neither side is idempotent")
    async with bed.store() as (database, pool):
        await fill(EventStore(pool), envelopes)
        ours, floor, with_headers = await interleaved(
            bed.effort.rounds,
            partial(drained_per_second, database, pool, infrastructure, len(envelopes)),
            partial(sent_per_second, infrastructure, by_partition(envelopes, record_of)),
            partial(sent_per_second, infrastructure, by_partition(envelopes, in_binary_mode)),
        )
    return [
        rate("relay", "events/s", ours, floor, TARGET),
        rate("relay, against 15 headers", "events/s", ours, with_headers, TARGET_AGAINST_HEADERS),
    ]


async def new_topic(kafka: Infrastructure) -> Topic:
    """Return a topic all of whose partitions take records already; a new one refuses them for a moment."""
    topic = Topic(f"bench.events.{uuid4().hex}", "customer", "A measurement's own.", CUSTOMER_EVENTS.events)
    await ensure_topics(kafka.kafka_bootstrap, (topic,))
    async with producer_for(kafka) as producer:
        with expecting_refusals():
            for partition in range(topic.partitions):
                await producer.send_and_wait(topic.name, b"", partition=partition)
    return topic


@contextmanager
def expecting_refusals() -> Iterator[None]:
    """Keep the client from warning of what is only to be expected."""
    client = logging.getLogger("aiokafka")
    level = client.level
    client.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        client.setLevel(level)


@asynccontextmanager
async def producer_for(kafka: Infrastructure) -> AsyncIterator[AIOKafkaProducer]:
    producer = new_producer(kafka.kafka_bootstrap, "bench", idempotence=kafka.kafka_genuine)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def drained_per_second(database: Database, pool: Pool, kafka: Infrastructure, count: int) -> float:
    """Let a new relay carry the whole store to a new topic; the clock runs from its first read on."""
    async with administrator(database) as connection:
        await connection.execute(FROM_THE_START)
    health = Health("relay")
    relay = Relay(
        EventStore(pool),
        pool,
        await new_topic(kafka),
        bootstrap=kafka.kafka_bootstrap,
        public_url=EXAMPLE_URL,
        health=health,
        idempotence=kafka.kafka_genuine,
    )
    async with background(relay.run), asyncio.timeout(DEADLINE_SECONDS):
        while not health.is_ready:
            await asyncio.sleep(LOOK_SECONDS)
        started_at = perf_counter()
        while relay._cursor.position < count:
            await asyncio.sleep(LOOK_SECONDS)
        return count / (perf_counter() - started_at)


def in_binary_mode(envelope: Envelope[Any], previous: int) -> Record:
    """Return the record of an event in binary mode: its data as the value, and the attributes as headers."""
    key, value, _ = record_of(envelope, previous)
    event = json.loads(value)
    data = json.dumps(event.pop("data"), ensure_ascii=False, separators=(",", ":")).encode()
    event.pop("epoch")
    return key, data, [(f"ce_{name}", str(text).encode()) for name, text in event.items()]


def by_partition(
    envelopes: Sequence[Envelope[Any]], build: Callable[[Envelope[Any], int], Record]
) -> dict[int, list[Record]]:
    """Return the records of `envelopes`, ready to be sent."""
    previous: dict[int, int] = defaultdict(int)
    records: dict[int, list[Record]] = defaultdict(list)
    for envelope in envelopes:
        partition = partition_of(str(envelope.subject).encode(), CUSTOMER_EVENTS.partitions)
        records[partition].append(build(envelope, previous[partition]))
        previous[partition] = envelope.position
    return records


async def sent_per_second(kafka: Infrastructure, records: dict[int, list[Record]]) -> float:
    """Send all records, every partition's in their order, by a producer that does nothing else."""
    topic = await new_topic(kafka)
    async with producer_for(kafka) as producer:
        await producer.partitions_for(topic.name)
        started_at = perf_counter()
        async with asyncio.timeout(DEADLINE_SECONDS), asyncio.TaskGroup() as group:
            for partition, own in records.items():
                group.create_task(send(producer, topic.name, partition, own))
        return sum(map(len, records.values())) / (perf_counter() - started_at)


async def send(producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Record]) -> None:
    """Send full batches of one partition and wait for all acknowledgements; nothing else."""
    sent = []
    batch = producer.create_batch()
    for key, value, headers in records:
        if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
            sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=headers)
    sent.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)
