"""Compares a topic with its store: finds a topic that was emptied, and a store that is behind its topic."""

from collections.abc import Mapping

from chassis.kafka.client import end_offsets, read_last_headers
from chassis.kafka.position_headers import furthest_position, last_event
from chassis.kafka.records import event_id_of
from chassis.store.event_store import EventStore
from contracts.topics import Topic

# The last event of each partition is searched among so many records; watermarks may follow it.
LAST_RECORDS = 500
WHY = ": was it restored from an older backup, or replaced by a standby that lagged behind? See docs/operations.md"


class StoreBehindTopicError(Exception):
    """The topic contains events that its store does not have."""


class TopicCheck:
    """Checks of one topic against the store that is published to it."""

    def __init__(self, store: EventStore, topic: Topic, bootstrap: str) -> None:
        self._store = store
        self._topic = topic
        self._bootstrap = bootstrap
        self._source = f"/care/{topic.owner}".encode()

    async def is_emptied(self, previous: Mapping[int, int]) -> bool:
        """Return whether a partition that was published to is empty. The relay then publishes all events again."""
        written = [partition for partition, position in previous.items() if position > 0]
        ends = await end_offsets(self._bootstrap, self._topic.name, written) if written else {}
        return any(ends[partition] == 0 for partition in written)

    async def ensure_store_not_behind(self) -> None:
        """Raise StoreBehindTopicError if the topic contains events that the store does not have.

        Guarantee: a store restored from an old backup does not publish. It would assign positions a second time, and
        readers would skip those events as duplicates.
        """
        partitions = await read_last_headers(self._bootstrap, self._topic, LAST_RECORDS)
        published = max((furthest_position(records[-1]) for records in partitions), default=0)
        head = await self._store.head()
        if published > head:
            raise StoreBehindTopicError(
                f"topic {self._topic.name} holds position {published}, but its store ends at {head}{WHY}"
            )
        for position, event_id in filter(None, (last_event(records, self._source) for records in partitions)):
            if event_id != await self._id_at(position):
                # The store lost events and has appended others under the same positions.
                raise StoreBehindTopicError(
                    f"topic {self._topic.name} holds another event at {position} than its store{WHY}"
                )

    async def _id_at(self, position: int) -> bytes | None:
        rows = await self._store.read_rows(after=position - 1, limit=1)
        return event_id_of(rows[0]) if rows else None
