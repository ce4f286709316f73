"""Kafka clients: creates the declared topics, one partitioner, an ordered producer, and offset queries."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2

if TYPE_CHECKING:
    from contracts.topics import Topic

Bounds = Mapping[TopicPartition, tuple[int, int]]

REQUEST_TIMEOUT_MS = 10_000
MAX_BATCH_BYTES = 512 * 1024
MAX_RECORD_BYTES = 1_000_000
FETCH_MS = 200
CACHED_PARTITIONS = 50_000
# The event loop holds only weak references to tasks.
CLOSING: set[asyncio.Future[None]] = set()
# Errors raised while a broker is down, restarting or overloaded.
UNREACHABLE = (KafkaError, OSError, TimeoutError)


class TopicMismatchError(Exception):
    """A topic has another number of partitions than declared: publishing to it would break the order per customer."""


@lru_cache(maxsize=CACHED_PARTITIONS)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's own default partitioner chooses for `key`."""
    partition: int = (murmur2(key) & 0x7FFFFFFF) % partitions
    return partition


def new_producer(bootstrap: str, name: str, *, idempotence: bool) -> AIOKafkaProducer:
    """Return a producer with `acks=all`. With idempotence the broker stores each batch once and in order."""
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


async def close_client(closing: Awaitable[None]) -> None:
    """Await `closing`, for example `consumer.stop()`. If the caller is cancelled, it stops but the closing completes.

    Cancelling aiokafka while it closes is swallowed or leaves a consumer half closed: it then keeps sending
    heartbeats, and its group waits for it.
    """
    task = asyncio.ensure_future(closing)
    CLOSING.add(task)
    task.add_done_callback(CLOSING.discard)
    await asyncio.shield(task)


async def ensure_topics(bootstrap: str, topics: "tuple[Topic, ...]", *, replication: int = 1) -> None:
    """Create missing topics and check the partitions of existing ones. Raises TopicMismatchError or a KafkaError."""
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
        await close_client(admin.close())


async def create(admin: AIOKafkaAdminClient, topic: "Topic", replication: int) -> None:
    new = NewTopic(
        topic.name,
        topic.partitions,
        replication,
        topic_configs=configuration(topic),
    )
    response = await admin.create_topics([new])
    for _, code, *_ in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise for_code(code)(topic.name)


def configuration(topic: "Topic") -> dict[str, str]:
    """Return the settings with which a topic is created."""
    kept = {"cleanup.policy": topic.cleanup_policy, "retention.ms": str(topic.retention_ms)}
    return kept if topic.compact_after_ms is None else kept | compaction(str(topic.compact_after_ms))


def compaction(after_ms: str) -> dict[str, str]:
    """Return the settings that bound a compacted topic: records older than `after_ms` are compacted."""
    return {"segment.ms": after_ms, "max.compaction.lag.ms": after_ms, "min.cleanable.dirty.ratio": "0.01"}


def check_partitions(topics: "tuple[Topic, ...]", counts: dict[str, int]) -> None:
    for topic in topics:
        count = counts.get(topic.name, topic.partitions)
        if count not in (0, topic.partitions):
            raise TopicMismatchError(
                f"topic {topic.name} has {count} partitions, declared are {topic.partitions};"
                " changing the number is a migration, because it moves customers between partitions"
            )


async def record_counts(bootstrap: str, topic: str, partitions: list[int]) -> dict[int, int]:
    """Return how many records each partition holds: 0 if it never had any, or if all were deleted by retention."""
    async with reading(bootstrap, topic, partitions) as (_, bounds):
        return {place.partition: end - first for place, (first, end) in bounds.items()}


async def read_last(bootstrap: str, topic: "Topic", length: int) -> dict[int, list[ConsumerRecord[Any, Any]]]:
    """Return the last records, at most `length`, of each partition."""
    async with reading(bootstrap, topic.name, list(range(topic.partitions))) as (consumer, bounds):
        return {
            place.partition: await records_between(consumer, place, max(first, end - length), end)
            for place, (first, end) in bounds.items()
        }


@asynccontextmanager
async def reading(bootstrap: str, topic: str, partitions: list[int]) -> AsyncIterator[tuple[AIOKafkaConsumer, Bounds]]:
    """A consumer of these partitions, without a group, and the offsets at which each of them starts and ends."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await consumer.start()
        places = [TopicPartition(topic, number) for number in partitions]
        consumer.assign(places)
        first, end = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        yield consumer, {place: (first[place], end[place]) for place in places}
    finally:
        await close_client(consumer.stop())


async def records_between(
    consumer: AIOKafkaConsumer, place: TopicPartition, start: int, end: int
) -> list[ConsumerRecord[Any, Any]]:
    """Return the records from offset `start`, and at least up to `end`."""
    found: list[ConsumerRecord[Any, Any]] = []
    if start >= end:
        return found
    consumer.seek(place, start)
    async with asyncio.timeout(REQUEST_TIMEOUT_MS / 1000):
        while await consumer.position(place) < end:
            fetched = await consumer.getmany(place, timeout_ms=FETCH_MS)
            found += fetched.get(place, ())
    return found
