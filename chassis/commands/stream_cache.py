"""The states of the streams that a process used last, and when it saw them."""

import asyncio
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from cachetools import LRUCache

S = TypeVar("S")

CACHED_STREAMS = 10_000
RECENT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Loaded(Generic[S]):
    """The state of a stream at `version`. `seen_at`: when, by the event loop's clock, it was known to be current."""

    version: int
    state: S
    seen_at: float = field(default=0.0, compare=False)


class StreamCache(Generic[S]):
    """The CACHED_STREAMS streams of one domain that were used last."""

    def __init__(self) -> None:
        self._streams: LRUCache[UUID, Loaded[S]] = LRUCache(CACHED_STREAMS)

    def __len__(self) -> int:
        return len(self._streams)

    def get(self, stream_id: UUID) -> Loaded[S] | None:
        """Return the state that was last seen here, however old it is."""
        return self._streams.get(stream_id)

    def recent(self, stream_id: UUID) -> Loaded[S] | None:
        """Return the state if it was seen here less than RECENT_SECONDS ago."""
        known = self._streams.get(stream_id)
        return known if known and asyncio.get_running_loop().time() - known.seen_at < RECENT_SECONDS else None

    def keep(self, stream_id: UUID, version: int, state: S) -> Loaded[S]:
        """Cache a state that is current now."""
        loaded = Loaded(version, state, asyncio.get_running_loop().time())
        self._streams[stream_id] = loaded
        return loaded
