"""What a topic holds, against the store published to it: whether it was emptied, or is further than the store."""

from collections.abc import Mapping

from chassis.kafka.chain import furthest_position, last_event
from chassis.kafka.client import log_ends, tails
from chassis.kafka.records import id_of
from chassis.store.event_store import EventStore
from contracts.topics import Topic

# Where each partition's last event is looked for, among the watermarks that followed it.
TAIL_RECORDS = 500
WHY = ": was it restored from an older copy, or taken over by a standby that lacked the newest? See docs/operations.md"


class StoreSetBackError(Exception):
    """The topic is further than the store it is published from."""


class Published:
    """One topic, as far as one store has been published to it."""

    def __init__(self, store: EventStore, topic: Topic, bootstrap: str) -> None:
        self._store = store
        self._topic = topic
        self._bootstrap = bootstrap
        self._source = f"/care/{topic.owner}".encode()

    async def is_lost(self, previous: Mapping[int, int]) -> bool:
        """Tell whether a partition that we have written to is empty: then the stores must refill it."""
        written = [partition for partition, position in previous.items() if position > 0]
        ends = await log_ends(self._bootstrap, self._topic.name, written) if written else {}
        return any(ends[partition] == 0 for partition in written)

    async def refuse_a_store_set_back(self) -> None:
        """Readers would skip what a store restored from an old copy publishes under positions that they have seen."""
        ends = await tails(self._bootstrap, self._topic, TAIL_RECORDS)
        published, head = max((furthest_position(each[-1]) for each in ends), default=0), await self._store.head()
        if published > head:
            raise StoreSetBackError(
                f"topic {self._topic.name} holds position {published}, but its store ends at {head}{WHY}"
            )
        for position, event_id in filter(None, (last_event(each, self._source) for each in ends)):
            if event_id != await self._id_at(position):
                # It has gone on since, beyond what it had lost.
                raise StoreSetBackError(
                    f"topic {self._topic.name} holds another event at {position} than its store{WHY}"
                )

    async def _id_at(self, position: int) -> bytes | None:
        rows = await self._store.read_rows(after=position - 1, limit=1)
        return id_of(rows[0]) if rows else None
