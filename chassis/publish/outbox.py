"""Reads the outbox (the event table) and prepares batches of records, each with its previous position (P3)."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from chassis.kafka.client import partition_of
from chassis.kafka.cloudevents import encode_watermark
from chassis.kafka.records import Record, Row, UnreadableRowError, event_id_of, placeholder_of, record_of
from chassis.kafka.sending import Outgoing
from chassis.runtime import metrics
from chassis.store.event_store import EventStore
from contracts.topics import Topic

READ_BATCH = 1_000
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
    """Builds records for one topic from the rows of one store, and with `companion` records for a second topic."""

    def __init__(self, store: EventStore, topic: Topic, companion: tuple[Topic, Companion] | None = None) -> None:
        self._store = store
        self._topic = topic
        self._companion = companion
        self._source = f"/care/{topic.owner}".encode()

    @property
    def topics(self) -> tuple[Topic, ...]:
        return (self._topic, self._companion[0]) if self._companion else (self._topic,)

    async def prepare(self, after: int, previous: Mapping[int, int]) -> PreparedBatch:
        """Return the rows after position `after` as records. `previous` are the last positions of the partitions."""
        rows = await self._store.read_rows(after=after, limit=READ_BATCH)
        batch = PreparedBatch(rows[-1]["position"] if rows else after, len(rows), defaultdict(int, previous))
        for number, row in enumerate(rows):
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            partition = partition_of(str(row["subject"]).encode(), self._topic.partitions)
            record = self._record_of(row, batch.previous[partition])
            batch.outgoing[self._topic.name, partition].append(record)
            batch.previous[partition] = row["position"]
            if self._companion and record[1] is not None:
                topic, companion = self._companion
                batch.outgoing[topic.name, partition].append(companion(row["type"], str(row["stream_id"]), record))
        return batch

    async def watermarks(self, complete_until: datetime, previous: Mapping[int, int]) -> Outgoing:
        """Return a watermark for each partition. `previous` are the last positions of the partitions."""
        positions = [previous.get(partition, 0) for partition in range(self._topic.partitions)]
        ids = await event_ids_at(self._store, positions)
        watermarks: Outgoing = {}
        for partition, position in enumerate(positions):
            value, headers = encode_watermark(
                complete_until,
                source=self._source.decode(),
                previous_position=position,
                previous_id=ids.get(position),
            )
            watermarks[self._topic.name, partition] = [(b"", value, headers)]
        return watermarks

    def _record_of(self, row: Row, previous: int) -> Record:
        """Return the record of a row.

        A row that is unreadable or too large for the broker is published without its value: readers park its
        customer, and the rows after it are still published.
        """
        try:
            return record_of(row, source=self._source, previous_position=previous)
        except UnreadableRowError as error:
            structlog.get_logger().error(
                "relay.unreadable", topic=self._topic.name, position=row["position"], problem=str(error)
            )
            metrics.series(metrics.UNREADABLE, self._topic.name).inc()
            return placeholder_of(row, source=self._source, previous_position=previous)


async def event_ids_at(store: EventStore, positions: Sequence[int]) -> dict[int, bytes]:
    """Return the ids under which the events at these positions are published; omit positions without an event."""
    return {row["position"]: event_id_of(row) for row in await store.rows_at(positions)}
