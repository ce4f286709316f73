"""Notices that nothing moves any more, so that those who wait can be told at once instead of waiting in vain."""

import asyncio
from collections.abc import Callable

GRACE_SECONDS = 0.1


class StallWatch:
    """Calls `on_stall` when nothing has moved for `seconds` while it watches, and a moment after.

    The loop may have come late itself: then it is in that moment that it learns what moved meanwhile.
    """

    def __init__(self, seconds: float, on_stall: Callable[[], None]) -> None:
        self._seconds = seconds
        self._on_stall = on_stall
        self._moved_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.stalled = False

    def moved(self) -> None:
        self._moved_at = asyncio.get_running_loop().time()
        self.stalled = False

    def watch(self) -> None:
        if self._timer is None and not self.stalled:
            self._wait()

    def rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_at(self._moved_at + self._seconds, self._look, True)

    def _look(self, is_first: bool) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        if loop.time() - self._moved_at < self._seconds:
            self._wait()
        elif is_first:
            self._timer = loop.call_later(GRACE_SECONDS, self._look, False)
        else:
            self.stalled = True
            self._on_stall()
