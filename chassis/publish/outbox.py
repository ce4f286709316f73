"""Reads the outbox (the event table) and prepares batches of records, each with its previous position (P3)."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from chassis.kafka.client import partition_of
from chassis.kafka.records import Record, RecordWriter, Row, UnreadableRowError, event_id_of
from chassis.kafka.sending import Outgoing
from chassis.runtime import metrics
from chassis.store.event_store import EventStore
from contracts.cloudevents import source_of
from contracts.topics import Topic, watermarks_of
from contracts.watermark import Watermark

# Each batch ends with a commit of the cursor, during which nothing is sent.
READ_BATCH = 4_000
# Preparing a batch blocks the event loop, so other tasks run after so many rows.
YIELD_EVERY = 100

# Builds the record for a second topic from an event's type, stream id and record.
Companion = Callable[[str, str, Record], Record]


@dataclass(slots=True)
class PreparedBatch:
    """The records of `count` rows up to position `last`, and the last position of each partition after them."""

    last: int
    count: int
    previous: dict[int, int]
    outgoing: Outgoing = field(default_factory=lambda: defaultdict(list))


class Outbox:
    """Builds records for one topic from the rows of one store, and with `companion` records for a second topic.

    `public_url` is the address of the service. Call `open` before all other methods.
    """

    def __init__(
        self, store: EventStore, topic: Topic, public_url: str, companion: tuple[Topic, Companion] | None = None
    ) -> None:
        self._store = store
        self._topic = topic
        self._public_url = public_url
        self._companion = companion
        self._watermarks = watermarks_of(topic)
        self._writer = RecordWriter(source_of(topic), public_url, UUID(int=0))

    @property
    def topics(self) -> tuple[Topic, ...]:
        own = (self._topic, self._watermarks)
        return (*own, self._companion[0]) if self._companion else own

    async def open(self) -> None:
        """Write records in the current epoch of the store."""
        self._writer = RecordWriter(source_of(self._topic), self._public_url, await self._store.epoch())

    async def prepare(self, after: int, previous: Mapping[int, int]) -> PreparedBatch:
        """Return the rows after position `after` as records. `previous` are the last positions of the partitions.

        A row whose partition has a later position already is not published again.
        """
        rows = await self._store.read_rows(after=after, limit=READ_BATCH)
        batch = PreparedBatch(rows[-1]["position"] if rows else after, len(rows), defaultdict(int, previous))
        for number, row in enumerate(rows):
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            partition = partition_of(str(row["subject"]).encode(), self._topic.partitions)
            if row["position"] > batch.previous[partition]:
                self._add(batch, row, partition)
        return batch

    def _add(self, batch: PreparedBatch, row: Row, partition: int) -> None:
        record = self._record_of(row, batch.previous[partition])
        batch.outgoing[self._topic.name, partition].append(record)
        batch.previous[partition] = row["position"]
        if self._companion:
            topic, companion = self._companion
            batch.outgoing[topic.name, partition].append(companion(row["type"], str(row["stream_id"]), record))

    async def watermarks(self, complete_until: datetime, previous: Mapping[int, int]) -> Outgoing:
        """Return a watermark for each partition. `previous` are the last positions of the partitions."""
        positions = [previous.get(partition, 0) for partition in range(self._topic.partitions)]
        ids = await event_ids_at(self._store, positions)
        marks = [
            Watermark(partition=partition, position=position, event_id=ids.get(position), complete_until=complete_until)
            for partition, position in enumerate(positions)
        ]
        return {(self._watermarks.name, mark.partition): [self._writer.watermark(mark)] for mark in marks}

    def _record_of(self, row: Row, previous: int) -> Record:
        """Return the record of a row.

        A row that is unreadable or too large for the broker is published without its data: readers park its
        customer, and the rows after it are still published.
        """
        try:
            return self._writer.record_of(row, previous)
        except UnreadableRowError as error:
            structlog.get_logger().error(
                "relay.unreadable", topic=self._topic.name, position=row["position"], problem=str(error)
            )
            metrics.series(metrics.UNREADABLE, self._topic.name).inc()
            return self._writer.placeholder_of(row, previous)


async def event_ids_at(store: EventStore, positions: Sequence[int]) -> dict[int, str]:
    """Return the ids under which the events at these positions are published; omit positions without an event."""
    return {row["position"]: event_id_of(row) for row in await store.rows_at(positions)}
