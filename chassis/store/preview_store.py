"""A store for a preview: what is appended is kept in memory, read back like stored events, and never stored."""

from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID

from chassis.postgres.database import Connection, Pool
from chassis.runtime.clock import utc_now
from chassis.store.append import Answer, Append, Appended, Outcome, check_sizes
from chassis.store.event_store import EventStore
from chassis.store.mapper import NewEvent, RecordedEvent
from chassis.store.snapshots import Snapshot, Snapshots

# An event of a preview has no position in the store.
NO_POSITION = 0
LAST_VERSION = "SELECT coalesce(max(version), 0) FROM event WHERE stream_id = $1"


class NoSnapshots(Snapshots):
    """Saves nothing: a snapshot would hold events that are not stored."""

    def save_soon(self, snapshot: Snapshot) -> None:
        """Ignore the snapshot."""


class PreviewStore(EventStore):
    """The stored events of a service, followed by those of one preview."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.snapshots = NoSnapshots(pool)
        self._kept: dict[UUID | str, list[RecordedEvent]] = {}

    async def append(self, append: Append) -> Appended:
        """Keep the events, unless one of their versions is taken."""
        check_sizes(append)
        streams = {event.originator_id for event in append.events}
        stored = {stream: await self._pool.fetchval(LAST_VERSION, stream) for stream in streams - self._kept.keys()}
        if any(self._is_taken(event, stored) for event in append.events):
            return Appended(Outcome.CONFLICT, NO_POSITION)
        for event in append.events:
            self._kept.setdefault(event.originator_id, []).append(kept(event))
        return Appended(Outcome.DONE, NO_POSITION)

    async def append_within(self, _held: Connection, appends: Sequence[Append]) -> list[Appended]:
        return [await self.append(each) for each in appends]

    async def read_stream(
        self, stream_id: UUID, *, after_version: int = 0, types: Sequence[str] | None = None
    ) -> AsyncIterator[RecordedEvent]:
        stored = super().read_stream(stream_id, after_version=after_version, types=types)
        async for event in self._followed(stream_id, stored, after_version):
            if types is None or event.topic in types:
                yield event

    async def read_latest(self, stream_id: UUID, fold: bytes) -> tuple[Snapshot | None, AsyncIterator[RecordedEvent]]:
        snapshot, stored = await super().read_latest(stream_id, fold)
        return snapshot, self._followed(stream_id, stored, snapshot.version if snapshot else 0)

    async def read_tails(self, versions: Mapping[UUID, int], limit: int) -> dict[UUID, list[RecordedEvent]]:
        tails = await super().read_tails(versions, limit)
        for stream_id, stored in tails.items():
            last = stored[-1].originator_version if stored else versions[stream_id]
            stored += [event for event in self._kept.get(stream_id, ()) if event.originator_version > last]
        return tails

    async def first_of(self, stream_id: UUID) -> RecordedEvent | None:
        return await super().first_of(stream_id) or next(iter(self._kept.get(stream_id, ())), None)

    async def answer(self, _key: str) -> Answer | None:
        """Return None: no command of a preview was answered before."""
        return None

    async def _followed(
        self, stream_id: UUID, stored: AsyncIterator[RecordedEvent], version: int
    ) -> AsyncIterator[RecordedEvent]:
        async for event in stored:
            version = event.originator_version
            yield event
        for event in self._kept.get(stream_id, ()):
            if event.originator_version > version:
                yield event

    def _is_taken(self, event: NewEvent, stored: Mapping[UUID | str, int]) -> bool:
        last = self._kept.get(event.originator_id, ())[-1:]
        version = last[0].originator_version if last else stored[event.originator_id]
        return event.originator_version <= version


def kept(event: NewEvent) -> RecordedEvent:
    return RecordedEvent(
        originator_id=event.originator_id,
        originator_version=event.originator_version,
        topic=event.topic,
        state=event.state,
        id=NO_POSITION,
        subject=event.subject,
        recorded_at=utc_now(),
    )
