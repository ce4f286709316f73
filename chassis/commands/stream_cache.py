"""An LRU cache of stream states, with the time at which each was current."""

import asyncio
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from cachetools import LRUCache

S = TypeVar("S")

# The state of a customer takes about 5 KB.
CACHED_STREAMS = 5_000
RECENT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Loaded(Generic[S]):
    """The state of a stream at `version`. `seen_at`: the event loop's time at which it was current."""

    version: int
    state: S
    seen_at: float = field(default=0.0, compare=False)


class StreamCache(Generic[S]):
    """The CACHED_STREAMS most recently used streams of one domain."""

    def __init__(self) -> None:
        self._streams: LRUCache[UUID, Loaded[S]] = LRUCache(CACHED_STREAMS)

    def __len__(self) -> int:
        return len(self._streams)

    def get(self, stream_id: UUID) -> Loaded[S] | None:
        """Return the cached state, however old it is."""
        return self._streams.get(stream_id)

    def recent(self, stream_id: UUID) -> Loaded[S] | None:
        """Return the cached state if it was current less than RECENT_SECONDS ago."""
        cached = self._streams.get(stream_id)
        return cached if cached and asyncio.get_running_loop().time() - cached.seen_at < RECENT_SECONDS else None

    def keep(self, stream_id: UUID, version: int, state: S) -> Loaded[S]:
        """Cache a state that is current now."""
        loaded = Loaded(version, state, asyncio.get_running_loop().time())
        self._streams[stream_id] = loaded
        return loaded
