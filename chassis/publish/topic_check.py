"""Compares a topic with its store: finds events that the topic lost, and a store that is behind its topic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord

from chassis.kafka.client import read_last, record_counts
from chassis.kafka.cloudevents import parse_position, read
from chassis.publish.outbox import event_ids_at
from chassis.store.event_store import EventStore
from contracts.cloudevents import source_of
from contracts.topics import Topic

# The last record of ours on each partition is searched among so many, and then among more: records that others wrote
# may follow it.
LAST_RECORDS = 100
MOST_RECORDS = 100_000
WHY = ": was it restored from an older backup, or replaced by a standby that lagged behind? See docs/operations.md"

DELETE = "delete and refill the topics (python -m deploy.refill)"


class StoreBehindTopicError(Exception):
    """The topic contains events that its store does not have."""


class OtherEpochError(Exception):
    """The topic contains records of another epoch of its store, or records in an earlier form."""


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The last event of a partition: its position, id and epoch."""

    position: int
    id: str
    epoch: str


class TopicCheck:
    """Checks of one topic against the store that is published to it."""

    def __init__(self, store: EventStore, topic: Topic, bootstrap: str, companion: Topic | None = None) -> None:
        self._store = store
        self._topic = topic
        self._bootstrap = bootstrap
        self._companion = companion

    async def lost(self, previous: Mapping[int, int]) -> dict[int, int]:
        """Return the last position of each partition that has lost the end of its events; 0 if it has none.

        They were lost with the topic, with a broker that had not written them to disk, or deleted by retention. If a
        partition of the companion topic is empty, all its events are lost: compaction leaves at least one record.
        """
        if empty := await self._empty_companions(previous):
            return dict.fromkeys(empty, 0)
        found = await last_events(self._bootstrap, self._topic)
        return {
            partition: found[partition].position if partition in found else 0
            for partition, position in previous.items()
            if position > (found[partition].position if partition in found else 0)
        }

    async def _empty_companions(self, previous: Mapping[int, int]) -> list[int]:
        """Return the partitions to which events were published, and whose companion has no record."""
        if self._companion is None:
            return []
        counts = await record_counts(self._bootstrap, self._companion.name, list(range(self._companion.partitions)))
        return [partition for partition, position in previous.items() if position > 0 and not counts[partition]]

    async def ensure_store_not_behind(self) -> None:
        """Raise StoreBehindTopicError if the topic contains events that the store does not have.

        Guarantee: a store restored from an old backup does not publish. It would assign positions a second time, and
        readers would skip those events as duplicates. It is detected however long the store was idle, because the last
        record of a partition is an event. Raises OtherEpochError if the topic was not deleted after a restore.
        """
        found = list((await last_events(self._bootstrap, self._topic)).values())
        head, epoch = await self._store.head(), str(await self._store.epoch())
        published = max((event.position for event in found), default=0)
        if any(event.epoch != epoch for event in found):
            raise OtherEpochError(f"topic {self._topic.name} holds records of another epoch: {DELETE}")
        if published > head:
            raise StoreBehindTopicError(
                f"topic {self._topic.name} holds position {published}, but its store ends at {head}{WHY}"
            )
        stored = await event_ids_at(self._store, [event.position for event in found])
        for event in found:
            if event.id != stored.get(event.position):
                # The store lost events and has appended others under the same positions.
                raise StoreBehindTopicError(
                    f"topic {self._topic.name} holds another event at {event.position} than its store{WHY}"
                )


async def last_events(bootstrap: str, topic: Topic) -> dict[int, LastEvent]:
    """Return the last event of each partition that has one.

    Raises OtherEpochError for a record in an earlier form, and for a partition that ends with more than MOST_RECORDS
    records of others.
    """
    length, found = LAST_RECORDS, dict[int, LastEvent]()
    while True:
        partitions = await read_last(bootstrap, topic, length)
        found = {number: event for number, records in partitions.items() if (event := last_event(records, topic))}
        hidden = [number for number, records in partitions.items() if number not in found and len(records) >= length]
        if not hidden:
            return found
        if length >= MOST_RECORDS:
            raise OtherEpochError(f"topic {topic.name} ends with {length} records that its service did not write")
        length = min(length * 10, MOST_RECORDS)


def last_event(records: Sequence[ConsumerRecord[Any, Any]], topic: Topic) -> LastEvent | None:
    """Return the last event of the topic's owner among consecutive records of a partition. Raises OtherEpochError."""
    source = source_of(topic)
    for record in reversed(records):
        if ("ce_source", source.encode()) in record.headers:
            raise OtherEpochError(f"a record is in the binary form of an earlier build: {DELETE}")
        event = read(record.headers, record.value)
        if event.source == source and (position := parse_position(event.position)):
            return LastEvent(position, event.id, event.epoch)
    return None
