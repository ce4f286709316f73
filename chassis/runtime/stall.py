"""Detects that work makes no progress, so that waiting callers can be rejected at once."""

import asyncio
from collections.abc import Callable

GRACE_SECONDS = 0.1


class StallWatch:
    """Calls `on_stall` if no progress was recorded for `seconds` and for GRACE_SECONDS after that.

    If the event loop itself was blocked, it can record the progress made meanwhile within the grace period.
    """

    def __init__(self, seconds: float, on_stall: Callable[[], None]) -> None:
        self._seconds = seconds
        self._on_stall = on_stall
        self._progress_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.stalled = False

    def record_progress(self) -> None:
        self._progress_at = asyncio.get_running_loop().time()
        self.stalled = False

    def start(self) -> None:
        if self._timer is None and not self.stalled:
            self._wait()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_at(self._progress_at + self._seconds, self._check, True)

    def _check(self, is_first: bool) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        if loop.time() - self._progress_at < self._seconds:
            self._wait()
        elif is_first:
            self._timer = loop.call_later(GRACE_SECONDS, self._check, False)
        else:
            self.stalled = True
            self._on_stall()
