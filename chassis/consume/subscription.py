"""Subscribes to topics with aiokafka: as a member of a consumer group, or alone to all partitions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from chassis.kafka.client import REQUEST_TIMEOUT_MS, close_client
from contracts.topics import Topic

STOP_SECONDS = 5.0


@asynccontextmanager
async def subscribed(
    bootstrap: str,
    name: str,
    topics: Sequence[Topic],
    *,
    shared: bool = True,
    on_rebalance: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[AIOKafkaConsumer]:
    """Provide a started consumer: `shared` in the group `name`, else alone. Closes it at the end of the block.

    `on_rebalance` is awaited before partitions are revoked and after new ones are assigned.
    """
    consumer = new_consumer(bootstrap, name, shared=shared)
    try:
        await consumer.start()
        if shared:
            listener = RebalanceListener(on_rebalance) if on_rebalance else None
            consumer.subscribe([topic.name for topic in topics], listener=listener)
        else:
            consumer.assign(all_partitions(topics))
        yield consumer
    finally:
        async with asyncio.timeout(STOP_SECONDS):
            await close_client(consumer.stop())


class RebalanceListener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, on_rebalance: Callable[[], Awaitable[None]]) -> None:
        self._on_rebalance = on_rebalance

    async def on_partitions_revoked(self, _revoked: object) -> None:
        await self._on_rebalance()

    async def on_partitions_assigned(self, _assigned: object) -> None:
        await self._on_rebalance()


def all_partitions(topics: Sequence[Topic]) -> list[TopicPartition]:
    return [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]


def new_consumer(bootstrap: str, name: str, *, shared: bool) -> AIOKafkaConsumer:
    """Return a consumer that starts at the committed offset, or else at the beginning."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=name if shared else None,
        client_id=name,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        metadata_max_age_ms=10_000,
        # Assigns partition n of all topics to the same member, so that one process receives all events of a customer.
        partition_assignment_strategy=(RangePartitionAssignor,),
    )


async def commit_offsets(consumer: AIOKafkaConsumer) -> None:
    """Commit offsets to Kafka, for lag tools. A failure only causes duplicates, which are skipped."""
    try:
        await consumer.commit()
    except (CommitFailedError, IllegalStateError, KafkaError) as error:
        structlog.get_logger().info("consumer.commit_skipped", reason=type(error).__name__)
