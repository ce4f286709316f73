"""What the relay sends next: batches of records made of stored rows, each naming the one before it on its partition."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from chassis.kafka.client import partition_of
from chassis.kafka.records import Record, Row, UnreadableRowError, placeholder_of, record_of
from chassis.kafka.sending import Outgoing
from chassis.runtime import metrics
from chassis.store.event_store import EventStore
from contracts.topics import Topic

READ_BATCH = 1_000
# A batch is made ready while others wait for the loop: let them have it in between.
BREATH_EVERY = 100

# What is made of each event for a second topic: from its type, its stream and its record.
Companion = Callable[[str, str, Record], Record]


@dataclass(slots=True)
class Ready:
    """Records made of `count` rows up to position `last`, and what was then the last on each partition."""

    last: int
    count: int
    previous: dict[int, int]
    outgoing: Outgoing = field(default_factory=lambda: defaultdict(list))


class Outbox:
    """Makes records of one store's rows for one topic, and what `companion` makes of each for a second one."""

    def __init__(self, store: EventStore, topic: Topic, companion: tuple[Topic, Companion] | None = None) -> None:
        self._store = store
        self._topic = topic
        self._companion = companion
        self._source = f"/care/{topic.owner}".encode()

    @property
    def topics(self) -> tuple[Topic, ...]:
        return (self._topic, self._companion[0]) if self._companion else (self._topic,)

    async def make_ready(self, after: int, previous: Mapping[int, int]) -> Ready:
        """Return what follows position `after`, where `previous` are the last positions of the partitions."""
        rows = await self._store.read_rows(after=after, limit=READ_BATCH)
        ready = Ready(rows[-1]["position"] if rows else after, len(rows), defaultdict(int, previous))
        for number, row in enumerate(rows):
            if number % BREATH_EVERY == 0:
                await asyncio.sleep(0)
            partition = partition_of(str(row["subject"]).encode(), self._topic.partitions)
            record = self._record_of(row, ready.previous[partition])
            ready.outgoing[self._topic.name, partition].append(record)
            ready.previous[partition] = row["position"]
            if self._companion and record[1] is not None:
                topic, companion = self._companion
                ready.outgoing[topic.name, partition].append(companion(row["type"], str(row["stream_id"]), record))
        return ready

    def _record_of(self, row: Row, previous: int) -> Record:
        """Return the record for a row.

        One of which none can be made, or that is too large for the broker, goes out without its value: readers park
        its customer, and the line does not stop.
        """
        try:
            return record_of(row, source=self._source, previous_position=previous)
        except UnreadableRowError as error:
            structlog.get_logger().error(
                "relay.unreadable", topic=self._topic.name, position=row["position"], problem=str(error)
            )
            metrics.series(metrics.UNREADABLE, self._topic.name).inc()
            return placeholder_of(row, source=self._source, previous_position=previous)
