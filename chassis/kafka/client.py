"""Kafka as we use it: topics declared in code, one partitioner for everybody, a producer that keeps order."""

import asyncio
from collections.abc import Awaitable
from functools import lru_cache

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2

from chassis.kafka.cloudevents import Headers
from contracts.topics import Topic

REQUEST_TIMEOUT_MS = 10_000
MAX_BATCH_BYTES = 512 * 1024
MAX_RECORD_BYTES = 1_000_000
FETCH_MS = 200
REMEMBERED_PARTITIONS = 200_000
# The event loop alone would forget them.
CLOSING: set[asyncio.Future[None]] = set()
# What a broker that is away, restarting or overloaded shows us.
UNREACHABLE = (KafkaError, OSError, TimeoutError)


class TopicMismatchError(Exception):
    """A topic exists with another number of partitions: going on would break the order per customer."""


@lru_cache(maxsize=REMEMBERED_PARTITIONS)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's own default partitioner chooses for `key`."""
    chosen: int = (murmur2(key) & 0x7FFFFFFF) % partitions
    return chosen


def new_producer(bootstrap: str, name: str, *, idempotence: bool) -> AIOKafkaProducer:
    """Make a producer that waits for all replicas; with idempotence each batch is stored once and in order."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=name,
        acks="all",
        enable_idempotence=idempotence,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        max_batch_size=MAX_BATCH_BYTES,
        max_request_size=MAX_RECORD_BYTES,
        metadata_max_age_ms=30_000,
    )


async def end(closing: Awaitable[None]) -> None:
    """Close a client. Who is stopped meanwhile stops, and the closing goes on to its end.

    A cancellation that met aiokafka here would be swallowed, or leave a consumer half closed: then it goes on telling
    its group that it is alive, and the group waits for it.
    """
    under_way = asyncio.ensure_future(closing)
    CLOSING.add(under_way)
    under_way.add_done_callback(CLOSING.discard)
    await asyncio.shield(under_way)


async def ensure_topics(bootstrap: str, topics: tuple[Topic, ...], *, replication: int = 1) -> None:
    """Create what is missing and check what is there. Raises TopicMismatchError or a KafkaError."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await admin.start()
        existing = set(await admin.list_topics())
        for topic in topics:
            if topic.name not in existing:
                await create(admin, topic, replication)
        described = await admin.describe_topics([topic.name for topic in topics if topic.name in existing])
        check_partitions(topics, {entry["topic"]: len(entry["partitions"]) for entry in described})
    finally:
        await end(admin.close())


async def create(admin: AIOKafkaAdminClient, topic: Topic, replication: int) -> None:
    new = NewTopic(
        topic.name,
        topic.partitions,
        replication,
        topic_configs={"cleanup.policy": topic.cleanup_policy, "retention.ms": str(topic.retention_ms)},
    )
    response = await admin.create_topics([new])
    for _, code, *_ in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise for_code(code)(topic.name)


def check_partitions(topics: tuple[Topic, ...], counts: dict[str, int]) -> None:
    for topic in topics:
        count = counts.get(topic.name, topic.partitions)
        if count not in (0, topic.partitions):
            raise TopicMismatchError(
                f"topic {topic.name} has {count} partitions, declared are {topic.partitions};"
                " changing the number is a migration, because it moves customers between partitions"
            )


async def log_ends(bootstrap: str, topic: str, partitions: list[int]) -> dict[int, int]:
    """Return the offset that the next record of each partition will get; 0 is an empty partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await consumer.start()
        ends = await consumer.end_offsets([TopicPartition(topic, number) for number in partitions])
        return {place.partition: offset for place, offset in ends.items()}
    finally:
        await end(consumer.stop())


async def tails(bootstrap: str, topic: Topic, length: int) -> list[list[Headers]]:
    """Return the headers of the last records of each partition that holds any, `length` of them at most."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await consumer.start()
        places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(places)
        first, after = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        found = []
        for place in places:
            if first[place] < after[place]:
                consumer.seek(place, max(first[place], after[place] - length))
                async with asyncio.timeout(REQUEST_TIMEOUT_MS / 1000):
                    found.append(await headers_until(consumer, place, after[place]))
        return found
    finally:
        await end(consumer.stop())


async def headers_until(consumer: AIOKafkaConsumer, place: TopicPartition, end_offset: int) -> list[Headers]:
    found: list[Headers] = []
    while await consumer.position(place) < end_offset:
        fetched = await consumer.getmany(place, timeout_ms=FETCH_MS)
        found += [list(record.headers) for record in fetched.get(place, ())]
    return found
