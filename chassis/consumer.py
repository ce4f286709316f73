"""Reads topics and hands what is new to an applier, proving by the chain that nothing is missing.

Records at or below our position are duplicates and are skipped. A record whose `prevposition` lies above our
position leaves a gap and is passed over: a relay that lost a batch sends all of it again, behind. If nothing
closes the gap, the partition is read again from its start, and after that the consumer stops and says so.
Kafka's own offsets are a hint for where to start and for lag tools; the position decides.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from pydantic import ValidationError

from chassis import metrics
from chassis.applier import Applier, Batch, deliver
from chassis.cloudevents import WATERMARK_TYPE, UndecodableError, Watermark, read_headers
from chassis.crash import crash_point
from chassis.kafka import REQUEST_TIMEOUT_MS, end, ensure_topics
from chassis.parking import UNKNOWN_CUSTOMER, Delivery
from chassis.positions import NEVER, Progress, Source
from chassis.supervisor import Health
from contracts.topics import Topic

POLL_MS = 500
MAX_RECORDS = 1_000
COMMIT_SECONDS = 1.0
STOP_SECONDS = 5.0
STALE_SECONDS = 20.0
GAP_PATIENCE_SECONDS = 5.0
PAUSE_WITHOUT_BROKER_SECONDS = 0.1
# The longest numbers that are sure to fit into a bigint.
MAX_DIGITS = 18


class GapFoundError(Exception):
    """Records are missing from a topic and reading it again from the start did not bring them."""


@dataclass(slots=True)
class Gap:
    """What follows `position` has not come yet, since loop time `since`."""

    position: int
    since: float
    rewound: bool = False


class Consumer:
    """One member of a consumer group, feeding one applier."""

    def __init__(self, applier: Applier, topics: Sequence[Topic], *, bootstrap: str, health: Health) -> None:
        self._applier = applier
        self._declared = tuple(topics)
        self._topics = [topic.name for topic in topics]
        self._bootstrap = bootstrap
        self._health = health
        self._progress: dict[Source, Progress] = {}
        self._gaps: dict[Source, Gap] = {}
        self._heard_at = 0.0

    async def run(self) -> None:
        """Consume until cancelled; raises what goes wrong, to be started again from the stored position."""
        self._progress.clear()
        self._gaps.clear()
        self._heard_at = asyncio.get_running_loop().time()
        # Whoever starts first creates a topic: one that appears later would only be noticed after a while.
        await ensure_topics(self._bootstrap, self._declared)
        consumer = new_consumer(self._bootstrap, f"care-{self._applier.name}")
        try:
            await consumer.start()
            consumer.subscribe(self._topics, listener=Forget(self._progress, self._gaps))
            self._health.ready()
            await self._consume_for_ever(consumer)
        finally:
            async with asyncio.timeout(STOP_SECONDS):
                await end(consumer.stop())

    async def _consume_for_ever(self, consumer: AIOKafkaConsumer) -> None:
        loop = asyncio.get_running_loop()
        committed_at = loop.time()
        while True:
            asked_at = loop.time()
            fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
            if fetched:
                self._heard_at = loop.time()
                await self._apply(fetched)
                crash_point("consumer.before-offset-commit")
            elif loop.time() - asked_at < POLL_MS / 2000:
                await asyncio.sleep(PAUSE_WITHOUT_BROKER_SECONDS)
            self._report_lag()
            await self._look_after_gaps(consumer)
            if not self._gaps and loop.time() - committed_at > COMMIT_SECONDS:
                await commit(consumer)
                committed_at = loop.time()

    async def _apply(self, fetched: dict[TopicPartition, list[ConsumerRecord[Any, Any]]]) -> None:
        batches: dict[Source, tuple[Progress, Batch]] = {}
        for place, records in fetched.items():
            source = Source(place.topic, place.partition)
            start = self._progress.get(source) or await self._applier.progress(source)
            self._progress[source] = start
            batch = self._read(source, start, records)
            if batch.deliveries or batch.progress != start:
                batches[source] = (start, batch)
        if batches:
            self._progress.update(await self._applier.apply(batches))

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
                    watermark = max(watermark, complete_until(record))
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
                metrics.WATERMARK_AGE.labels(self._applier.name, topic).set(age)
                oldest = max(oldest, age)
        if oldest > STALE_SECONDS:
            self._health.failed(f"the feed is complete only up to {oldest:.0f} s ago")
        else:
            self._health.ready()


class Forget(ConsumerRebalanceListener):  # type: ignore[misc]
    """After a rebalance somebody else may have moved on: what we remember is read again."""

    def __init__(self, progress: dict[Source, Progress], gaps: dict[Source, Gap]) -> None:
        self._progress = progress
        self._gaps = gaps

    def on_partitions_revoked(self, _revoked: object) -> None:
        self._progress.clear()
        self._gaps.clear()

    def on_partitions_assigned(self, _assigned: object) -> None:
        self._progress.clear()


def new_consumer(bootstrap: str, group: str) -> AIOKafkaConsumer:
    """Make a consumer that starts at the beginning where Kafka knows no offset: the chain makes that safe."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        client_id=group,
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


def headers_of(record: ConsumerRecord[Any, Any]) -> dict[str, str]:
    try:
        return read_headers(record.headers)
    except UndecodableError:
        return {}


def complete_until(record: ConsumerRecord[Any, Any]) -> datetime:
    try:
        return Watermark.model_validate_json(record.value or b"").complete_until
    except ValidationError:
        return NEVER


def delivery_of(source: Source, headers: dict[str, str], record: ConsumerRecord[Any, Any]) -> Delivery:
    """Decode a record.

    One that names no position is none of our relay's: its offset, negated, tells it apart, and whatever
    customer it claims is not held back for it.
    """
    position, previous = number_of(headers.get("ce_position", "")), previous_of(headers)
    if position is None or previous is None:
        problem = "the record names no position"
        return Delivery(source, -record.offset - 1, 0, UNKNOWN_CUSTOMER, headers, record.value, None, problem)
    subject = subject_of(headers, record)
    return deliver(source, position, previous, subject, headers, record.value)


def previous_of(headers: dict[str, str]) -> int | None:
    return number_of(headers.get("ce_prevposition", "0"))


def number_of(text: str) -> int | None:
    """Read a position; None for what no store could have written."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def subject_of(headers: dict[str, str], record: ConsumerRecord[Any, Any]) -> UUID:
    for text in (headers.get("ce_subject", ""), (record.key or b"").decode(errors="replace")):
        try:
            return UUID(text)
        except ValueError:
            continue
    return UNKNOWN_CUSTOMER
