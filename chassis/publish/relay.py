"""Publishes the event table to Kafka: in order, at least once, each record naming the one before it.

Promise P3. The cursor and the last position per partition move in one transaction, after every batch has been
acknowledged, and only under our lease. Whatever fails, the line stops and starts again from the cursor; what
goes out twice carries the same positions, so readers skip it.
"""

import asyncio

import structlog
from aiokafka import AIOKafkaProducer

from chassis.kafka.client import end, ensure_topics, new_producer
from chassis.kafka.cloudevents import encode_watermark
from chassis.kafka.sending import SEND_DEADLINE_SECONDS, Outgoing, send_all
from chassis.postgres.database import Pool
from chassis.publish.cursor import RelayCursor
from chassis.publish.lease import RENEW_SECONDS, Lease
from chassis.publish.outbox import READ_BATCH, Companion, Outbox, Ready
from chassis.publish.published import Published
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
    """Carries one store to one topic, and what `companion` makes of each event to a second one."""

    def __init__(
        self,
        store: EventStore,
        pool: Pool,
        topic: Topic,
        *,
        bootstrap: str,
        health: Health,
        idempotence: bool = True,
        companion: tuple[Topic, Companion] | None = None,
    ) -> None:
        self._store = store
        self._topic = topic
        self._bootstrap = bootstrap
        self._health = health
        self._idempotence = idempotence
        self._outbox = Outbox(store, topic, companion)
        self._published = Published(store, topic, bootstrap)
        self._lease = Lease(pool)
        self._cursor = RelayCursor(pool, self._lease)
        self._woken = asyncio.Event()
        self._ahead: Ready | None = None
        store.on_commit(self._woken.set)

    @property
    def epoch(self) -> int | None:
        """The epoch under which this relay publishes; None while another one does."""
        return self._lease.epoch

    async def run(self) -> None:
        """Publish until cancelled. Raises what went wrong; the supervisor starts it again from the cursor."""
        await self._lease.wait(waiting=lambda: self._health.ready("another process publishes"))
        producer = new_producer(self._bootstrap, f"care-{self._topic.owner}-relay", idempotence=self._idempotence)
        try:
            await ensure_topics(self._bootstrap, self._outbox.topics)
            await producer.start()
            await self._load_cursor()
            self._health.ready()
            await self._publish_for_ever(producer)
        finally:
            async with asyncio.timeout(SEND_DEADLINE_SECONDS):
                try:
                    await end(producer.stop())
                finally:
                    await self._lease.release()

    async def _load_cursor(self) -> None:
        self._ahead = None
        await self._cursor.load()
        if await self._published.is_lost(self._cursor.previous):
            structlog.get_logger().warning("relay.refill", topic=self._topic.name)
            await self._cursor.rewind()
        await self._published.refuse_a_store_set_back()

    async def _notice_a_lost_kafka(self) -> None:
        if await self._published.is_lost(self._cursor.previous):
            raise ConnectionAbortedError("the topic has been emptied; starting again to refill it")

    async def _publish_for_ever(self, producer: AIOKafkaProducer) -> None:
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
            if published < READ_BATCH and now - watermarked_at > watermark_pause(now - busy_at):
                await self._publish_watermark(producer)
                watermarked_at = now
            if now - checked_at > RECHECK_SECONDS:
                await self._notice_a_lost_kafka()
                checked_at = now
            if published == 0:
                await wait_with_timeout(self._woken, POLL_SECONDS)

    async def _renew(self) -> None:
        epoch = self._lease.epoch
        if not await self._lease.acquire() or self._lease.epoch != epoch:
            raise ConnectionAbortedError("the relay's lease passed to another process")

    async def _publish_next(self, producer: AIOKafkaProducer) -> int:
        """Publish one batch, and make the next one ready while this one is on its way."""
        batch = self._ahead or await self._outbox.make_ready(self._cursor.position, self._cursor.previous)
        self._ahead = None
        if not batch.count:
            return 0
        if batch.count < READ_BATCH:
            await self._publish(producer, batch)
        else:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._publish(producer, batch))
                ahead = group.create_task(self._outbox.make_ready(batch.last, batch.previous))
            self._ahead = ahead.result()
        return batch.count

    async def _publish(self, producer: AIOKafkaProducer, batch: Ready) -> None:
        crash_point("relay.before-produce")
        await send_all(producer, batch.outgoing)
        crash_point("relay.after-acknowledgement")
        await self._cursor.move(batch.last, batch.previous)
        metrics.series(metrics.PUBLISHED, self._topic.name).inc(batch.count)

    async def _publish_watermark(self, producer: AIOKafkaProducer) -> None:
        """Say how far every partition is complete; only true once all up to the head has been published."""
        head, complete_until = await self._store.watermark()
        metrics.OUTBOX_PENDING.set(head - self._cursor.position)
        if head != self._cursor.position:
            return
        marks: Outgoing = {}
        for partition in range(self._topic.partitions):
            last = self._cursor.previous.get(partition, 0)
            value, headers = encode_watermark(
                complete_until, source=f"/care/{self._topic.owner}", previous_position=last
            )
            marks[self._topic.name, partition] = [(b"", value, headers)]
        await send_all(producer, marks)


def watermark_pause(idle_seconds: float) -> float:
    """Watermarks are kept like all records: a store where nothing happens says so less often."""
    return WATERMARK_SECONDS if idle_seconds < IDLE_AFTER_SECONDS else IDLE_WATERMARK_SECONDS
