"""The streams of one domain: loads and caches their states, and decides commands on them."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from chassis.commands.command import Command
from chassis.commands.decider import Decider
from chassis.commands.item_limit import ItemLimit
from chassis.commands.state_codec import codec_of
from chassis.commands.stream_cache import Loaded, StreamCache
from chassis.store.event_store import READ_LIMIT, EventStore
from chassis.store.mapper import EventMapper, RecordedEvent
from chassis.store.snapshots import Snapshot, is_due

S = TypeVar("S")

# `refresh` leaves a stream with so many new events to `load`.
MAX_TAIL = 50


class Streams(Generic[S]):
    """Loads the streams of one domain, caches their states, and saves snapshots of long streams."""

    def __init__(
        self, store: EventStore, decider: Decider[S], mapper: EventMapper, limit: ItemLimit | None = None
    ) -> None:
        self._limit = limit
        self._store = store
        self._decider = decider
        self._mapper = mapper
        self._codec = codec_of(decider)
        self._cache: StreamCache[S] = StreamCache()

    async def load(self, stream_id: UUID) -> Loaded[S]:
        """Return the current state: the cached state, or else that of the snapshot, with all newer events applied."""
        cached = self._cache.get(stream_id)
        before, rows = (
            (cached, self._store.read_stream(stream_id, after_version=cached.version))
            if cached
            else await self._read(stream_id)
        )
        version, state, subject = before.version, before.state, None
        async for row in rows:
            state = self._decider.evolve(state, self._mapper.to_envelope(row).event)
            version, subject = row.originator_version, row.subject
            # If this load is cut off, for instance by a deadline, the next one continues here.
            if version % READ_LIMIT == 0:
                self._snapshot(stream_id, subject, before, version, state)
        if subject:
            self._snapshot(stream_id, subject, before, version, state)
        # Another task may have appended or loaded more events during the pauses.
        latest = self._cache.get(stream_id)
        return latest if latest and latest.version > version else self._cache.keep(stream_id, version, state)

    async def _read(self, stream_id: UUID) -> tuple[Loaded[S], AsyncIterator[RecordedEvent]]:
        """Return the state of the snapshot, or else of an empty stream, and the events that follow it."""
        snapshot, rows = await self._store.read_latest(stream_id, self._codec.fold)
        if snapshot is None:
            return self.empty(), rows
        try:
            return Loaded(snapshot.version, self._codec.decode(snapshot.state)), rows
        except ValueError:
            return self.empty(), self._store.read_stream(stream_id)

    async def refresh(self, stream_ids: Iterable[UUID]) -> None:
        """Cache the states of streams, so that `load_recent` finds them: one statement reads all that is not recent."""
        old = {each: self._cache.get(each) or self.empty() for each in stream_ids if not self._cache.recent(each)}
        if not old:
            return
        tails = await self._store.read_tails({each: loaded.version for each, loaded in old.items()}, MAX_TAIL)
        for stream_id, tail in tails.items():
            if len(tail) < MAX_TAIL:
                events = [self._mapper.to_envelope(row).event for row in tail]
                version, state = old[stream_id].version + len(tail), self._decider.fold(old[stream_id].state, events)
                latest = self._cache.get(stream_id)
                if latest is None or latest.version <= version:
                    self._cache.keep(stream_id, version, state)

    async def load_recent(self, stream_id: UUID) -> Loaded[S]:
        """Return the state, at most RECENT_SECONDS old, with all events that this process appended."""
        return self._cache.recent(stream_id) or await self.load(stream_id)

    def cached(self, stream_id: UUID) -> Loaded[S] | None:
        """Return the cached state, which may be stale: other processes may have appended events since."""
        return self._cache.get(stream_id)

    def empty(self) -> Loaded[S]:
        """Return the state of a stream without events."""
        return Loaded(0, self._decider.initial)

    async def decide(self, loaded: Loaded[S], command: Command, subject: UUID) -> Sequence[Any]:
        """Return the events for `command`. Raises RejectedError, also if the customer `subject` has too many items."""
        events = self._decider.decide(loaded.state, command)
        if self._limit and events:
            await self._limit.check(subject, command, events, is_new=loaded.version == 0)
        return events

    def keep(self, stream_id: UUID, subject: UUID, loaded: Loaded[S], events: Sequence[Any]) -> Loaded[S]:
        """Cache and return the state after `events`, which are stored and follow `loaded` in the stream."""
        version, state = loaded.version + len(events), self._decider.fold(loaded.state, events)
        self._snapshot(stream_id, subject, loaded, version, state)
        return self._cache.keep(stream_id, version, state)

    def _snapshot(self, stream_id: UUID, subject: UUID, before: Loaded[S], version: int, state: S) -> None:
        """Save a snapshot if one is due."""
        if is_due(before.version, version):
            encoded = self._codec.encode(state)
            self._store.snapshots.save_soon(Snapshot(stream_id, subject, version, self._codec.fold, encoded))
