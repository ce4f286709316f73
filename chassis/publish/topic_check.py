"""Compares a topic with its store: finds a topic that was emptied, and a store that is behind its topic."""

from collections.abc import Mapping

from chassis.kafka.client import PartitionStart, partition_starts, read_last_headers
from chassis.kafka.cloudevents import WATERMARK_TYPE
from chassis.kafka.position_headers import furthest_position, last_event
from chassis.publish.outbox import event_ids_at
from chassis.store.event_store import EventStore
from contracts.topics import Topic

# The last record of ours on each partition is searched among so many; records that others wrote may follow it.
LAST_RECORDS = 500
WHY = ": was it restored from an older backup, or replaced by a standby that lagged behind? See docs/operations.md"


class StoreBehindTopicError(Exception):
    """The topic contains events that its store does not have."""


def has_no_event(start: PartitionStart, last_position: int, refilled: int) -> bool:
    """Return whether a partition holds no event, if its last event was at `last_position`.

    `refilled`: the partition was filled again when it started at this offset.
    """
    if start.headers is None:
        return True
    is_watermark = dict(start.headers).get("ce_type") == WATERMARK_TYPE.encode()
    return is_watermark and start.offset > refilled and furthest_position(start.headers) >= last_position


class TopicCheck:
    """Checks of one topic against the store that is published to it."""

    def __init__(self, store: EventStore, topic: Topic, bootstrap: str) -> None:
        self._store = store
        self._topic = topic
        self._bootstrap = bootstrap
        self._source = f"/care/{topic.owner}".encode()

    async def emptied(self, previous: Mapping[int, int], refilled: Mapping[int, int]) -> dict[int, int] | None:
        """Return the offsets at which the partitions start if one has lost all its events, else None.

        Its events were lost with the topic or deleted by retention; watermarks may be left. The relay then publishes
        all events again, and passes these offsets as `refilled`: the watermarks that were left still come first.
        """
        written = [partition for partition, position in previous.items() if position > 0]
        starts = await partition_starts(self._bootstrap, self._topic.name, written) if written else {}
        if any(has_no_event(start, previous[number], refilled.get(number, 0)) for number, start in starts.items()):
            return {number: start.offset for number, start in starts.items()}
        return None

    async def ensure_store_not_behind(self) -> None:
        """Raise StoreBehindTopicError if the topic contains events that the store does not have.

        Guarantee: a store restored from an old backup does not publish. It would assign positions a second time, and
        readers would skip those events as duplicates. It is detected however long the store was idle, because
        watermarks contain position and id of the last event.
        """
        partitions = await read_last_headers(self._bootstrap, self._topic, LAST_RECORDS)
        published = max((furthest_position(records[-1]) for records in partitions), default=0)
        head = await self._store.head()
        if published > head:
            raise StoreBehindTopicError(
                f"topic {self._topic.name} holds position {published}, but its store ends at {head}{WHY}"
            )
        last_events = dict(filter(None, (last_event(records, self._source) for records in partitions)))
        stored = await event_ids_at(self._store, list(last_events))
        for position, event_id in last_events.items():
            if event_id != stored.get(position):
                # The store lost events and has appended others under the same positions.
                raise StoreBehindTopicError(
                    f"topic {self._topic.name} holds another event at {position} than its store{WHY}"
                )
