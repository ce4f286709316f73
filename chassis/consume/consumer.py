"""Consumes topics: reads records, skips duplicates, detects gaps, and passes new events to an applier.

Guarantee (P4): the position stored with the effects decides what is new. Kafka offsets are committed afterwards and
serve only as a start hint and for lag tools.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis.consume.applier import Applier, Batch
from chassis.consume.gap_detector import GapDetector
from chassis.consume.newer_events import NewerEvents
from chassis.consume.pipelined import PipelinedApplier
from chassis.consume.positions import Progress, Source
from chassis.consume.subscription import commit_offsets, subscribed
from chassis.kafka.client import ensure_topics
from chassis.postgres.server_clock import ServerClock
from chassis.runtime import metrics
from chassis.runtime.crash import crash_point
from chassis.runtime.supervisor import Health
from contracts.topics import Topic, watermarks_of

POLL_MS = 500
MAX_RECORDS = 1_000
# Facts are cheap to read, and fewer batches derive fewer rows twice. A consumer alone serves nobody meanwhile.
MAX_FACTS = MAX_RECORDS_ALONE = 4_000
COMMIT_SECONDS = 1.0
# Each commit adds a record for each partition to a topic of Kafka. Watermarks alone are not worth one a second.
IDLE_COMMIT_SECONDS = 30.0
# A fetch of so many records means that more are waiting: then there is no pause.
GATHER_RECORDS = 100
STALE_SECONDS = 20.0
PAUSE_WITHOUT_BROKER_SECONDS = 0.1

Fetched = dict[TopicPartition, list[ConsumerRecord[Any, Any]]]


class Consumer:
    """Feeds one applier: `shared` as a member of its consumer group, otherwise alone from all partitions.

    `max_records`: the size of a batch, if it is a member. `gather_seconds`: pause after a small fetch, so that more
    records share a transaction. Use it where latency is irrelevant.
    """

    def __init__(
        self,
        applier: Applier,
        topics: Sequence[Topic],
        *,
        bootstrap: str,
        health: Health,
        shared: bool = True,
        max_records: int = MAX_RECORDS,
        gather_seconds: float = 0.0,
    ) -> None:
        self._applier = applier
        self._topics = tuple(topics)
        self._watermarks = {watermarks_of(topic).name: topic.name for topic in topics}
        self._subscribed = (*self._topics, *map(watermarks_of, topics))
        self._bootstrap = bootstrap
        self._health = health
        self._shared = shared
        self._max_records = max_records if shared else MAX_RECORDS_ALONE
        self._gather_seconds = gather_seconds
        self._pipeline = PipelinedApplier(applier)
        self._newer_events = NewerEvents(applier)
        self._gap_detector = GapDetector(applier.decode)
        self._received_at = 0.0
        self._clock = ServerClock(applier.pool)

    async def run(self) -> None:
        """Consume until cancelled. Raises any failure; the supervisor restarts it from the stored position."""
        self._pipeline.reset()
        self._gap_detector.reset()
        self._received_at = asyncio.get_running_loop().time()
        # Consumers create topics too: one that is created later is noticed only at the next metadata refresh.
        await ensure_topics(self._bootstrap, self._subscribed)
        group = f"care-{self._applier.name}"
        async with subscribed(
            self._bootstrap, group, self._subscribed, shared=self._shared, on_rebalance=self._settle
        ) as consumer:
            self._health.ready()
            try:
                await self._consume_loop(consumer)
            finally:
                await self._pipeline.abandon()

    async def _consume_loop(self, consumer: AIOKafkaConsumer) -> None:
        loop = asyncio.get_running_loop()
        committed_at, commit_at = loop.time(), math.inf
        while True:
            await self._newer_events.replay()
            fetched_at = loop.time()
            fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=self._max_records)
            if fetched:
                self._received_at = loop.time()
                await self.apply(fetched)
                commit_at = min(commit_at, committed_at + self.commit_pause(fetched))
                if pause := self.pause_after(sum(map(len, fetched.values()))):
                    await asyncio.sleep(pause)
            elif loop.time() - fetched_at < POLL_MS / 2000:
                await asyncio.sleep(PAUSE_WITHOUT_BROKER_SECONDS)
            await self._report_lag()
            await self._rewind_gaps(consumer, loop.time())
            if loop.time() > commit_at and self._shared and not self._gap_detector.has_gaps():
                await self.finish()
                crash_point("consumer.before-offset-commit")
                await commit_offsets(consumer)
                committed_at, commit_at = loop.time(), math.inf

    def pause_after(self, count: int) -> float:
        """Return for how many seconds to wait for more records after a fetch of `count`."""
        return self._gather_seconds if count < GATHER_RECORDS else 0.0

    def commit_pause(self, fetched: Fetched) -> float:
        """Return the seconds between commits of offsets: more if only watermarks were fetched."""
        has_events = any(place.topic not in self._watermarks for place in fetched)
        return COMMIT_SECONDS if has_events else IDLE_COMMIT_SECONDS

    async def apply(self, fetched: Fetched) -> None:
        """Start to apply the new records. Raises the failure of the batch before."""
        batches: dict[Source, tuple[Progress, Batch]] = {}
        for source, records in self._events_of(fetched).items():
            # Reading takes long, and the running batch is sent to the database meanwhile.
            await asyncio.sleep(0)
            start = await self._pipeline.progress(source)
            batch = self._gap_detector.read(source, start, records, asyncio.get_running_loop().time())
            if batch.deliveries or batch.progress != start:
                batches[source] = (start, batch)
        if batches:
            await self._pipeline.apply(batches)

    def _events_of(self, fetched: Fetched) -> dict[Source, Sequence[ConsumerRecord[Any, Any]]]:
        """Return the fetched events by source, and no events for a source of which only a watermark was fetched."""
        events: dict[Source, Sequence[ConsumerRecord[Any, Any]]] = {}
        for place, records in fetched.items():
            source = Source(self._watermarks.get(place.topic, place.topic), place.partition)
            if place.topic in self._watermarks:
                self._gap_detector.receive_watermarks(source, records)
                events.setdefault(source, ())
            else:
                events[source] = records
        return events

    async def _rewind_gaps(self, consumer: AIOKafkaConsumer, now: float) -> None:
        """Read partitions with a lasting gap again, unless their next record is only late: watermarks overtake it."""
        for source in self._gap_detector.overdue(now):
            place = TopicPartition(source.topic, source.partition)
            end = (await consumer.end_offsets([place]))[place]
            if self._gap_detector.is_late(source) and await consumer.position(place) < end:
                self._gap_detector.wait_longer(source, now)
            else:
                self._gap_detector.rewind(source, now)
                await consumer.seek_to_beginning(place)

    async def finish(self) -> None:
        """Wait until the running batch is committed. Raises its failure."""
        await self._pipeline.finish()

    async def _settle(self) -> None:
        """Wait for the running batch, then forget progress and gaps: another member may get the partitions."""
        await self._pipeline.settle()
        self._gap_detector.reset()

    async def _report_lag(self) -> None:
        now, oldest = await self._clock.now(), asyncio.get_running_loop().time() - self._received_at
        for topic in self._topics:
            if watermarks := self._pipeline.watermarks(topic.name):
                age = (now - min(watermarks)).total_seconds()
                metrics.series(metrics.WATERMARK_AGE, self._applier.name, topic.name).set(age)
                oldest = max(oldest, age)
        if oldest > STALE_SECONDS:
            self._health.failed(f"the feed is complete only up to {oldest:.0f} s ago")
        else:
            self._health.ready()
