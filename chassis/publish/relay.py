"""The outbox relay: publishes the event table to Kafka, in order and at least once (P3).

Guarantees. One relay at a time publishes a store (`Lease`). The cursor and the last position of each partition move in
one transaction, only after all records of the batch are acknowledged, and only while the lease is held. If a send
fails, publishing stops and starts again from the cursor; records sent twice have the same positions, so readers skip
them. Events that the topic has lost are published again. A store that is behind its topic does not publish.
"""

import asyncio
from datetime import datetime

import structlog
from aiokafka import AIOKafkaProducer

from chassis.kafka.client import close_client, ensure_topics, new_producer
from chassis.kafka.sending import SEND_DEADLINE_SECONDS, send_all
from chassis.postgres.database import Pool
from chassis.publish.cursor import RelayCursor
from chassis.publish.lease import RENEW_SECONDS, Lease
from chassis.publish.outbox import READ_BATCH, Companion, Outbox, PreparedBatch
from chassis.publish.topic_check import TopicCheck
from chassis.runtime import metrics
from chassis.runtime.crash import crash_point
from chassis.runtime.event_timeout import wait_with_timeout
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from contracts.topics import Topic

POLL_SECONDS = 0.5
WATERMARK_SECONDS = 1.0
IDLE_WATERMARK_SECONDS = 5.0
IDLE_AFTER_SECONDS = 60.0
RECHECK_SECONDS = 60.0


class Relay:
    """Publishes one store to one topic, and the records of `companion` to a second one."""

    def __init__(
        self,
        store: EventStore,
        pool: Pool,
        topic: Topic,
        *,
        bootstrap: str,
        public_url: str,
        health: Health,
        idempotence: bool = True,
        companion: tuple[Topic, Companion] | None = None,
    ) -> None:
        self._store = store
        self._topic = topic
        self._bootstrap = bootstrap
        self._health = health
        self._idempotence = idempotence
        self._outbox = Outbox(store, topic, public_url, companion)
        self._topic_check = TopicCheck(store, topic, bootstrap, companion[0] if companion else None)
        self._lease = Lease(pool)
        self._cursor = RelayCursor(pool, self._lease)
        self._woken = asyncio.Event()
        self._prepared: PreparedBatch | None = None
        # The head of the store, and the instant up to which it is complete; to be published once the head is.
        self._mark: tuple[int, datetime] | None = None
        store.on_commit(self._woken.set)

    @property
    def epoch(self) -> int | None:
        """The epoch of the lease; None while another process holds it."""
        return self._lease.epoch

    async def run(self) -> None:
        """Publish until cancelled. Raises any failure; the supervisor restarts the relay from the cursor."""
        await self._lease.wait(on_wait=lambda: self._health.ready("another process publishes"))
        producer = new_producer(self._bootstrap, f"care-{self._topic.owner}-relay", idempotence=self._idempotence)
        try:
            await ensure_topics(self._bootstrap, self._outbox.topics)
            await producer.start()
            await self._load_cursor()
            self._health.ready()
            await self._publish_loop(producer)
        finally:
            async with asyncio.timeout(SEND_DEADLINE_SECONDS):
                try:
                    await close_client(producer.stop())
                finally:
                    await self._lease.release()

    async def _load_cursor(self) -> None:
        self._prepared = self._mark = None
        await self._outbox.open()
        await self._topic_check.ensure_store_not_behind()
        await self._cursor.load()
        if lost := await self._topic_check.lost(self._cursor.previous):
            structlog.get_logger().warning("relay.refill", topic=self._topic.name, partitions=sorted(lost))
            await self._cursor.rewind(lost)

    async def _check_nothing_lost(self) -> None:
        if await self._topic_check.lost(self._cursor.previous):
            raise ConnectionAbortedError("the topic has lost events; the relay restarts to publish them again")

    async def _publish_loop(self, producer: AIOKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        renewed_at = watermarked_at = checked_at = busy_at = loop.time()
        while True:
            self._woken.clear()
            published = await self._publish_next(producer)
            now = loop.time()
            busy_at = now if published else busy_at
            if now - renewed_at > RENEW_SECONDS:
                await self._renew()
                renewed_at = now
            if now - watermarked_at > watermark_pause(now - busy_at):
                await self._take_watermark()
                watermarked_at = now
            await self._publish_watermark(producer)
            if now - checked_at > RECHECK_SECONDS:
                await self._check_nothing_lost()
                checked_at = now
            if published == 0:
                await wait_with_timeout(self._woken, POLL_SECONDS)

    async def _renew(self) -> None:
        epoch = self._lease.epoch
        if not await self._lease.acquire() or self._lease.epoch != epoch:
            raise ConnectionAbortedError("the relay's lease passed to another process")

    async def _publish_next(self, producer: AIOKafkaProducer) -> int:
        """Publish one batch, and prepare the next one while this one is sent. Return the number of events."""
        batch = self._prepared or await self._outbox.prepare(self._cursor.position, self._cursor.previous)
        self._prepared = None
        if not batch.count:
            return 0
        if batch.count < READ_BATCH:
            await self._publish(producer, batch)
        else:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._publish(producer, batch))
                following = group.create_task(self._outbox.prepare(batch.last, batch.previous))
            self._prepared = following.result()
        return batch.count

    async def _publish(self, producer: AIOKafkaProducer, batch: PreparedBatch) -> None:
        crash_point("relay.before-produce")
        await send_all(producer, batch.outgoing)
        crash_point("relay.after-acknowledgement")
        await self._cursor.move(batch.last, batch.previous)
        metrics.series(metrics.PUBLISHED, self._topic.name).inc(batch.count)

    async def _take_watermark(self) -> None:
        """Read the watermark of the store, unless an earlier one waits for its events: there may be a backlog."""
        head, complete_until = await self._store.watermark()
        metrics.OUTBOX_PENDING.set(head - self._cursor.position)
        self._mark = self._mark or (head, complete_until)

    async def _publish_watermark(self, producer: AIOKafkaProducer) -> None:
        """Publish a watermark for each partition once all events before it are published; others may follow it."""
        if self._mark is None or self._cursor.position < self._mark[0]:
            return
        _, complete_until = self._mark
        self._mark = None
        await send_all(producer, await self._outbox.watermarks(complete_until, self._cursor.previous))


def watermark_pause(idle_seconds: float) -> float:
    """Return the seconds between watermarks: fewer while idle."""
    return WATERMARK_SECONDS if idle_seconds < IDLE_AFTER_SECONDS else IDLE_WATERMARK_SECONDS
