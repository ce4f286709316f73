"""Reads topics and hands what is new to an applier, proving by the chain that nothing is missing.

Kafka's own offsets are a hint for where to start and for lag tools; the stored position decides (P4).
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis.consume.applier import Applier, Batch
from chassis.consume.chain import Chain
from chassis.consume.pipelined import PipelinedApplier
from chassis.consume.positions import Progress, Source
from chassis.consume.subscription import commit, subscribed
from chassis.kafka.client import ensure_topics
from chassis.runtime import metrics
from chassis.runtime.crash import crash_point
from chassis.runtime.supervisor import Health
from contracts.topics import Topic

POLL_MS = 500
MAX_RECORDS = 1_000
MAX_RECORDS_ALONE = 10_000
COMMIT_SECONDS = 1.0
# Who is handed so many at once has more waiting, and does not pause.
GATHER_RECORDS = 100
STALE_SECONDS = 20.0
PAUSE_WITHOUT_BROKER_SECONDS = 0.1

Fetched = dict[TopicPartition, list[ConsumerRecord[Any, Any]]]


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
        self._topics = tuple(topics)
        self._bootstrap = bootstrap
        self._health = health
        self._shared = shared
        self._gather_seconds = gather_seconds
        self._pipeline = PipelinedApplier(applier)
        self._chain = Chain()
        self._heard_at = 0.0

    async def run(self) -> None:
        """Consume until cancelled; raises what goes wrong, to be started again from the stored position."""
        self._pipeline.forget()
        self._chain.forget()
        self._heard_at = asyncio.get_running_loop().time()
        # Whoever starts first creates a topic: one that appears later would only be noticed after a while.
        await ensure_topics(self._bootstrap, self._topics)
        group = f"care-{self._applier.name}"
        async with subscribed(
            self._bootstrap, group, self._topics, shared=self._shared, on_rebalance=self._settle
        ) as consumer:
            self._health.ready()
            try:
                await self._consume_for_ever(consumer)
            finally:
                await self._pipeline.abandon()

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
                await self.take(fetched)
                is_committed = False
                if pause := self.pause_after(sum(map(len, fetched.values()))):
                    await asyncio.sleep(pause)
            elif loop.time() - asked_at < POLL_MS / 2000:
                await asyncio.sleep(PAUSE_WITHOUT_BROKER_SECONDS)
            self._report_lag()
            for source in self._chain.to_read_again(loop.time()):
                await consumer.seek_to_beginning(TopicPartition(source.topic, source.partition))
            if is_committed or not self._shared or self._chain.has_gaps():
                continue
            if loop.time() - committed_at > COMMIT_SECONDS:
                await self.finish()
                crash_point("consumer.before-offset-commit")
                await commit(consumer)
                committed_at, is_committed = loop.time(), True

    def pause_after(self, count: int) -> float:
        """Return for how many seconds to let records gather after `count` of them."""
        return self._gather_seconds if count < GATHER_RECORDS else 0.0

    async def take(self, fetched: Fetched) -> None:
        """Begin to apply what is new among the records; raises what went wrong with those before."""
        batches: dict[Source, tuple[Progress, Batch]] = {}
        for place, records in fetched.items():
            source = Source(place.topic, place.partition)
            start = await self._pipeline.progress(source)
            batch = self._chain.read(source, start, records, asyncio.get_running_loop().time())
            if batch.deliveries or batch.progress != start:
                batches[source] = (start, batch)
        if batches:
            await self._pipeline.apply(batches)

    async def finish(self) -> None:
        """Wait until all that was taken is committed; raises what went wrong with it."""
        await self._pipeline.finish()

    async def _settle(self) -> None:
        """Let the batch under way end, then forget: after a rebalance another member may move the positions."""
        await self._pipeline.settle()
        self._chain.forget()

    def _report_lag(self) -> None:
        now, oldest = datetime.now(UTC), asyncio.get_running_loop().time() - self._heard_at
        for topic in self._topics:
            if marks := self._pipeline.watermarks(topic.name):
                age = (now - min(marks)).total_seconds()
                metrics.series(metrics.WATERMARK_AGE, self._applier.name, topic.name).set(age)
                oldest = max(oldest, age)
        if oldest > STALE_SECONDS:
            self._health.failed(f"the feed is complete only up to {oldest:.0f} s ago")
        else:
            self._health.ready()
