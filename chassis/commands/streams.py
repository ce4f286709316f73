"""The streams of one domain: loads and caches their states, and decides commands on them."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from chassis.commands.command import Command
from chassis.commands.decider import Decider
from chassis.commands.stream_cache import Loaded, StreamCache
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper

S = TypeVar("S")


class Streams(Generic[S]):
    """Loads the streams of one domain, and caches their states."""

    def __init__(self, store: EventStore, decider: Decider[S], mapper: EventMapper) -> None:
        self._store = store
        self._decider = decider
        self._mapper = mapper
        self._cache: StreamCache[S] = StreamCache()

    async def load(self, stream_id: UUID) -> Loaded[S]:
        """Return the current state: the cached state with all newer events applied."""
        cached = self._cache.get(stream_id) or self.empty()
        rows = await self._store.read_stream(stream_id, after_version=cached.version)
        events = [self._mapper.to_envelope(row).event for row in rows]
        return self.keep(stream_id, cached, events)

    async def load_recent(self, stream_id: UUID) -> Loaded[S]:
        """Return the state, at most RECENT_SECONDS old, with all events that this process appended."""
        return self._cache.recent(stream_id) or await self.load(stream_id)

    def cached(self, stream_id: UUID) -> Loaded[S] | None:
        """Return the cached state, which may be stale: other processes may have appended events since."""
        return self._cache.get(stream_id)

    def empty(self) -> Loaded[S]:
        """Return the state of a stream without events."""
        return Loaded(0, self._decider.initial)

    def decide(self, loaded: Loaded[S], command: Command) -> Sequence[Any]:
        """Return the events for `command`. Raises RejectedError."""
        return self._decider.decide(loaded.state, command)

    def keep(self, stream_id: UUID, loaded: Loaded[S], events: Sequence[Any]) -> Loaded[S]:
        """Cache and return the state after `events`, which follow `loaded` in the stream."""
        return self._cache.keep(stream_id, loaded.version + len(events), self._decider.fold(loaded.state, events))
