"""Reads topics and hands what is new to an applier, proving by the chain that nothing is missing.

Records at or below our position are duplicates and are skipped. A record whose `prevposition` lies above our
position leaves a gap and is passed over: a relay that lost a batch sends all of it again, behind. If nothing
closes the gap, the partition is read again from its start, and after that the consumer stops and says so.
Kafka's own offsets are a hint for where to start and for lag tools; the position decides.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from chassis.consume.applier import Applier, Batch
from chassis.consume.positions import Progress, Source
from chassis.consume.record_reading import complete_until, delivery_of, headers_of, previous_of
from chassis.kafka.client import REQUEST_TIMEOUT_MS, end, ensure_topics
from chassis.kafka.cloudevents import WATERMARK_TYPE
from chassis.runtime import metrics
from chassis.runtime.crash import crash_point
from chassis.runtime.supervisor import Health
from contracts.topics import Topic

POLL_MS = 500
MAX_RECORDS = 1_000
MAX_RECORDS_ALONE = 10_000
COMMIT_SECONDS = 1.0
STOP_SECONDS = 5.0
# Who is handed so many at once has more waiting, and does not pause.
GATHER_RECORDS = 100
STALE_SECONDS = 20.0
GAP_PATIENCE_SECONDS = 5.0
PAUSE_WITHOUT_BROKER_SECONDS = 0.1


class GapFoundError(Exception):
    """Records are missing from a topic and reading it again from the start did not bring them."""


class FeedSetBackError(Exception):
    """The store behind a topic is behind what it has published: what it publishes next would be taken for known."""


@dataclass(slots=True)
class Gap:
    """What follows `position` has not come yet, since loop time `since`."""

    position: int
    since: float
    rewound: bool = False


class Consumer:
    """Feeds one applier: as one member of its group, or, where it is not `shared`, alone from all partitions.

    Where nobody waits for its effects, what comes within `gather_seconds` is taken together.
    """

    def __init__(
        self,
        applier: Applier,
        topics: Sequence[Topic],
        *,
        bootstrap: str,
        health: Health,
        shared: bool = True,
        gather_seconds: float = 0.0,
    ) -> None:
        self._applier = applier
        self._declared = tuple(topics)
        self._topics = [topic.name for topic in topics]
        self._bootstrap = bootstrap
        self._health = health
        self._shared = shared
        self._gather_seconds = gather_seconds
        self._progress: dict[Source, Progress] = {}
        self._gaps: dict[Source, Gap] = {}
        self._heard_at = 0.0
        self._applying: asyncio.Task[dict[Source, Progress]] | None = None

    async def run(self) -> None:
        """Consume until cancelled; raises what goes wrong, to be started again from the stored position."""
        self._forget()
        self._heard_at = asyncio.get_running_loop().time()
        # Whoever starts first creates a topic: one that appears later would only be noticed after a while.
        await ensure_topics(self._bootstrap, self._declared)
        consumer = new_consumer(self._bootstrap, f"care-{self._applier.name}", shared=self._shared)
        try:
            await consumer.start()
            if self._shared:
                consumer.subscribe(self._topics, listener=Rebalanced(self.pause))
            else:
                consumer.assign(places(self._declared))
            self._health.ready()
            await self._consume_for_ever(consumer)
        finally:
            async with asyncio.timeout(STOP_SECONDS):
                try:
                    await self._abandon()
                finally:
                    await end(consumer.stop())

    async def _consume_for_ever(self, consumer: AIOKafkaConsumer) -> None:
        loop = asyncio.get_running_loop()
        committed_at, is_committed = loop.time(), True
        while True:
            asked_at = loop.time()
            fetched = await consumer.getmany(
                timeout_ms=POLL_MS, max_records=MAX_RECORDS if self._shared else MAX_RECORDS_ALONE
            )
            if fetched:
                self._heard_at = loop.time()
                await self._apply(fetched)
                is_committed = False
                if pause := self.pause_after(sum(map(len, fetched.values()))):
                    await asyncio.sleep(pause)
            elif loop.time() - asked_at < POLL_MS / 2000:
                await asyncio.sleep(PAUSE_WITHOUT_BROKER_SECONDS)
            self._report_lag()
            await self._look_after_gaps(consumer)
            if self._shared and not is_committed and not self._gaps and loop.time() - committed_at > COMMIT_SECONDS:
                await self._applied()
                crash_point("consumer.before-offset-commit")
                await commit(consumer)
                committed_at, is_committed = loop.time(), True

    def pause_after(self, count: int) -> float:
        """Return for how many seconds to let records gather after `count` of them."""
        return self._gather_seconds if count < GATHER_RECORDS else 0.0

    async def _apply(self, fetched: dict[TopicPartition, list[ConsumerRecord[Any, Any]]]) -> None:
        """Read while the last batch is being committed, then begin with this one.

        Progress is taken for granted meanwhile; should the commit fail, all is read again from what is stored.
        """
        batches: dict[Source, tuple[Progress, Batch]] = {}
        for place, records in fetched.items():
            source = Source(place.topic, place.partition)
            start = self._progress.get(source) or await self._applier.progress(source)
            self._progress[source] = start
            batch = self._read(source, start, records)
            if batch.deliveries or batch.progress != start:
                batches[source] = (start, batch)
                self._progress[source] = batch.progress or start
        if batches:
            await self._applied()
            self._applying = asyncio.create_task(self._applier.apply(batches))

    async def _applied(self) -> None:
        """Wait for the batch that is being applied; raises what went wrong with it."""
        if self._applying:
            await self._applying
            self._applying = None

    async def _abandon(self) -> None:
        """Stop applying: what was not committed is read again."""
        if self._applying:
            self._applying.cancel()
            await asyncio.wait([self._applying])
            self._applying = None

    async def pause(self) -> None:
        """Let what is being applied come to its end, then forget: after a rebalance somebody else may move on."""
        if self._applying:
            await asyncio.wait([self._applying])
        self._forget()

    def _forget(self) -> None:
        self._progress.clear()
        self._gaps.clear()

    def _read(self, source: Source, start: Progress, records: Sequence[ConsumerRecord[Any, Any]]) -> Batch:
        """Return what is new among `records` and follows without a gap."""
        batch = Batch()
        position, watermark = start.position, start.watermark
        for record in records:
            headers = headers_of(record)
            if headers.get("ce_type") == WATERMARK_TYPE:
                # What it calls complete includes the record it names; without that, it promises too much.
                if (previous_of(headers) or 0) > position:
                    self._miss(source, position)
                elif source not in self._gaps:
                    watermark = max(
                        watermark, self._complete_until(source, record, headers, Progress(position, watermark))
                    )
                continue
            delivery = delivery_of(source, headers, record)
            if delivery.position < 0:
                batch.deliveries.append(delivery)
                continue
            if delivery.position <= position:
                continue
            if delivery.previous > position:
                self._miss(source, position)
                continue
            self._gaps.pop(source, None)
            batch.deliveries.append(delivery)
            position = delivery.position
            if delivery.envelope:
                watermark = max(watermark, delivery.envelope.recorded_at)
        batch.progress = Progress(position, watermark)
        return batch

    def _complete_until(
        self, source: Source, record: ConsumerRecord[Any, Any], headers: dict[str, str], known: Progress
    ) -> datetime:
        """Return what a watermark says. Raises FeedSetBackError if it is new and names an older position than ours."""
        until, last = complete_until(record), previous_of(headers)
        if "ce_prevposition" in headers and until > known.watermark and last is not None and last < known.position:
            raise FeedSetBackError(
                f"{source.topic}/{source.partition} ends at position {last}, but {known.position} is applied here:"
                " was its store restored from an older copy? See docs/operations.md"
            )
        return until

    def _miss(self, source: Source, position: int) -> None:
        self._gaps.setdefault(source, Gap(position, asyncio.get_running_loop().time()))

    async def _look_after_gaps(self, consumer: AIOKafkaConsumer) -> None:
        now = asyncio.get_running_loop().time()
        for source, gap in self._gaps.items():
            if now - gap.since < GAP_PATIENCE_SECONDS:
                continue
            if gap.rewound:
                raise GapFoundError(f"{source.topic}/{source.partition} lacks what follows position {gap.position}")
            structlog.get_logger().warning("consumer.rewind", topic=source.topic, partition=source.partition)
            gap.since, gap.rewound = now, True
            await consumer.seek_to_beginning(TopicPartition(source.topic, source.partition))

    def _report_lag(self) -> None:
        now, oldest = datetime.now(UTC), asyncio.get_running_loop().time() - self._heard_at
        for topic in self._topics:
            marks = [progress.watermark for source, progress in self._progress.items() if source.topic == topic]
            if marks:
                age = (now - min(marks)).total_seconds()
                metrics.series(metrics.WATERMARK_AGE, self._applier.name, topic).set(age)
                oldest = max(oldest, age)
        if oldest > STALE_SECONDS:
            self._health.failed(f"the feed is complete only up to {oldest:.0f} s ago")
        else:
            self._health.ready()


class Rebalanced(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells the consumer before its partitions go, and when others have come."""

    def __init__(self, pause: Callable[[], Awaitable[None]]) -> None:
        self._pause = pause

    async def on_partitions_revoked(self, _revoked: object) -> None:
        await self._pause()

    async def on_partitions_assigned(self, _assigned: object) -> None:
        await self._pause()


def places(topics: Sequence[Topic]) -> list[TopicPartition]:
    return [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]


def new_consumer(bootstrap: str, name: str, *, shared: bool) -> AIOKafkaConsumer:
    """Make a consumer that starts at the beginning where Kafka knows no offset: the chain makes that safe."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=name if shared else None,
        client_id=name,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        metadata_max_age_ms=10_000,
        # Partition n of every topic goes to one member: all that concerns a customer in one process.
        partition_assignment_strategy=(RangePartitionAssignor,),
    )


async def commit(consumer: AIOKafkaConsumer) -> None:
    """Tell Kafka how far we are, for lag tools. A failure costs a few duplicates, nothing else."""
    try:
        await consumer.commit()
    except (CommitFailedError, IllegalStateError, KafkaError) as error:
        structlog.get_logger().info("consumer.commit_skipped", reason=type(error).__name__)
