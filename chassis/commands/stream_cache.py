"""The streams that a process has folded lately, and when it saw them."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

S = TypeVar("S")

REMEMBERED_STREAMS = 10_000
LATELY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Loaded(Generic[S]):
    """A stream folded up to `version`, as it was when the loop's clock stood at `seen_at`."""

    version: int
    state: S
    seen_at: float = field(default=0.0, compare=False)


class Remembered(Generic[S]):
    """The last REMEMBERED_STREAMS of one domain."""

    def __init__(self) -> None:
        self._streams: OrderedDict[UUID, Loaded[S]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._streams)

    def get(self, stream_id: UUID) -> Loaded[S] | None:
        """Return the stream as it was last seen here, however long ago that was."""
        return self._streams.get(stream_id)

    def lately(self, stream_id: UUID) -> Loaded[S] | None:
        """Return the stream as it was at most LATELY_SECONDS ago."""
        known = self._streams.get(stream_id)
        return known if known and asyncio.get_running_loop().time() - known.seen_at < LATELY_SECONDS else None

    def keep(self, stream_id: UUID, loaded: Loaded[S]) -> None:
        self._streams[stream_id] = Loaded(loaded.version, loaded.state, asyncio.get_running_loop().time())
        self._streams.move_to_end(stream_id)
        if len(self._streams) > REMEMBERED_STREAMS:
            self._streams.popitem(last=False)
