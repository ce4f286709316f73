"""Publishes the event table to Kafka: in order, at least once, each record naming the one before it.

Promise P3. The cursor and the last position per partition move in one transaction, after every batch has been
acknowledged, and only under our lease. Whatever fails, the line stops and starts again from the cursor; what
goes out twice carries the same positions, so readers skip it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from chassis import metrics
from chassis.cloudevents import Headers, encode, encode_watermark
from chassis.crash import crash_point
from chassis.database import Pool, transaction
from chassis.event_store import MAX_EVENT_BYTES, EventStore
from chassis.kafka import REQUEST_TIMEOUT_MS, ensure_topics, log_ends, new_producer, partition_of
from chassis.lease import RENEW_SECONDS, Lease
from chassis.mapper import BrokenStateError, EventMapper, Opaque, RecordedEvent, encode_unreadable
from chassis.supervisor import Health
from contracts.event import Envelope
from contracts.topics import Topic

READ_BATCH = 1_000
POLL_SECONDS = 0.5
WATERMARK_SECONDS = 1.0
IDLE_WATERMARK_SECONDS = 5.0
IDLE_AFTER_SECONDS = 60.0
RECHECK_SECONDS = 60.0
SEND_DEADLINE_SECONDS = REQUEST_TIMEOUT_MS / 1000 + 5

READ_CURSOR = "SELECT position FROM relay_cursor"
READ_PARTITIONS = "SELECT partition, position FROM relay_partition"
MOVE_CURSOR = "UPDATE relay_cursor SET position = $1"
MOVE_PARTITIONS = """
    INSERT INTO relay_partition SELECT * FROM unnest($1::integer[], $2::bigint[])
    ON CONFLICT (partition) DO UPDATE SET position = excluded.position
"""
FORGET_PARTITIONS = "UPDATE relay_partition SET position = 0"

Record = tuple[bytes, bytes | None, Headers]
Outgoing = dict[tuple[str, int], list[Record]]
Companion = Callable[[Envelope[Any]], Record | None]


class Relay:
    """Carries one store to one topic, and what `companion` makes of each event to a second one."""

    def __init__(
        self,
        store: EventStore,
        pool: Pool,
        mapper: EventMapper,
        topic: Topic,
        *,
        bootstrap: str,
        health: Health,
        idempotence: bool = True,
        companion: tuple[Topic, Companion] | None = None,
    ) -> None:
        self._store = store
        self._pool = pool
        self._mapper = mapper
        self._topic = topic
        self._bootstrap = bootstrap
        self._health = health
        self._idempotence = idempotence
        self._companion = companion
        self._source = f"/care/{topic.owner}"
        self._lease = Lease(pool)
        self._woken = asyncio.Event()
        self._cursor = 0
        self._previous: dict[int, int] = {}
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
            await ensure_topics(self._bootstrap, self._topics())
            await producer.start()
            await self._load_cursor()
            self._health.ready()
            await self._publish_for_ever(producer)
        finally:
            async with asyncio.timeout(SEND_DEADLINE_SECONDS):
                await producer.stop()
                await self._lease.release()

    def _topics(self) -> tuple[Topic, ...]:
        return (self._topic, self._companion[0]) if self._companion else (self._topic,)

    async def _load_cursor(self) -> None:
        rows = await self._pool.fetch(READ_PARTITIONS)
        self._previous = defaultdict(int, {row["partition"]: row["position"] for row in rows})
        if await self._kafka_was_lost():
            structlog.get_logger().warning("relay.refill", topic=self._topic.name)
            await self._rewind()
        self._cursor = await self._pool.fetchval(READ_CURSOR)

    async def _kafka_was_lost(self) -> bool:
        """Tell whether a partition that we have written to is empty: then the stores must refill it."""
        written = [partition for partition, position in self._previous.items() if position > 0]
        ends = await log_ends(self._bootstrap, self._topic.name, written) if written else {}
        return any(ends[partition] == 0 for partition in written)

    async def _notice_a_lost_kafka(self) -> None:
        if await self._kafka_was_lost():
            raise ConnectionAbortedError("the topic has been emptied; starting again to refill it")

    async def _rewind(self) -> None:
        async with transaction(self._pool) as held:
            await self._lease.check(held)
            await held.execute(MOVE_CURSOR, 0)
            await held.execute(FORGET_PARTITIONS)
        self._previous = defaultdict(int)

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
                await wait_at_most(self._woken, POLL_SECONDS)

    async def _renew(self) -> None:
        epoch = self._lease.epoch
        if not await self._lease.acquire() or self._lease.epoch != epoch:
            raise ConnectionAbortedError("the relay's lease passed to another process")

    async def _publish_next(self, producer: AIOKafkaProducer) -> int:
        rows = await self._store.read_all(after=self._cursor, limit=READ_BATCH)
        if not rows:
            return 0
        previous = dict(self._previous)
        outgoing: Outgoing = defaultdict(list)
        for row in rows:
            partition = partition_of(str(row.subject).encode(), self._topic.partitions)
            envelope, record = self._read(row, previous.get(partition, 0))
            outgoing[self._topic.name, partition].append(record)
            previous[partition] = row.id
            if self._companion and envelope and (other := self._companion[1](envelope)):
                outgoing[self._companion[0].name, partition].append(other)
        crash_point("relay.before-produce")
        await send_all(producer, outgoing)
        crash_point("relay.after-acknowledgement")
        await self._move(rows[-1].id, previous)
        metrics.PUBLISHED.labels(self._topic.name).inc(len(rows))
        return len(rows)

    def _read(self, row: RecordedEvent, previous: int) -> tuple[Envelope[Any] | None, Record]:
        """Return what the row says and the record for it.

        A type of a later build goes out as it was stored. A row that cannot be read or is too large for the broker
        goes out without its value: readers park its customer, and the line does not stop.
        """
        try:
            envelope = self._mapper.to_envelope(row, unknown=Opaque)
            record = encode(envelope, source=self._source, previous_position=previous)
            if len(record[1]) <= MAX_EVENT_BYTES:
                return (None if isinstance(envelope.event, Opaque) else envelope), record
            problem = f"{len(record[1])} bytes"
        except BrokenStateError as error:
            problem = str(error)
        structlog.get_logger().error("relay.unreadable", topic=self._topic.name, position=row.id, problem=problem)
        metrics.UNREADABLE.labels(self._topic.name).inc()
        return None, encode_unreadable(row, source=self._source, previous_position=previous)

    async def _move(self, position: int, previous: dict[int, int]) -> None:
        async with transaction(self._pool) as held:
            await self._lease.check(held)
            await held.execute(MOVE_CURSOR, position)
            await held.execute(MOVE_PARTITIONS, list(previous), list(previous.values()))
        self._cursor = position
        self._previous = previous

    async def _publish_watermark(self, producer: AIOKafkaProducer) -> None:
        """Say how far every partition is complete; only true once all up to the head has been published."""
        head, complete_until = await self._store.watermark()
        metrics.OUTBOX_PENDING.set(head - self._cursor)
        if head != self._cursor:
            return
        marks: Outgoing = {}
        for partition in range(self._topic.partitions):
            last = self._previous.get(partition, 0)
            value, headers = encode_watermark(complete_until, source=self._source, previous_position=last)
            marks[self._topic.name, partition] = [(b"", value, headers)]
        await send_all(producer, marks)


def watermark_pause(idle_seconds: float) -> float:
    """Watermarks are kept like all records: a store where nothing happens says so less often."""
    return WATERMARK_SECONDS if idle_seconds < IDLE_AFTER_SECONDS else IDLE_WATERMARK_SECONDS


async def send_all(producer: AIOKafkaProducer, outgoing: Outgoing) -> None:
    """Send every partition's records in order and return once all are acknowledged."""
    async with asyncio.timeout(SEND_DEADLINE_SECONDS), asyncio.TaskGroup() as group:
        for (topic, partition), records in outgoing.items():
            group.create_task(send_partition(producer, topic, partition, records))


async def send_partition(producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Record]) -> None:
    acknowledgements = []
    batch = producer.create_batch()
    for record in records:
        if not fits(batch, record):
            acknowledgements.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            if not fits(batch, record):
                raise ValueError(f"a record of {len(record[1] or b'')} bytes does not fit into an empty batch")
    acknowledgements.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*acknowledgements)


def fits(batch: BatchBuilder, record: Record) -> bool:
    key, value, headers = record
    return batch.append(timestamp=None, key=key or None, value=value, headers=headers) is not None


async def wait_at_most(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
