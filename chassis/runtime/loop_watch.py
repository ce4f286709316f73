"""Watches a process's event loop: how late it is, and where it stands when nothing moves on.

A loop that stands still can neither answer nor complain, so a thread beside it does.
"""

import asyncio
import sys
import threading
import time
from contextvars import copy_context
from types import FrameType

import structlog

from chassis.runtime import metrics
from chassis.runtime.supervisor import Health

BEAT_SECONDS = 0.5
LOOK_SECONDS = 1.0
BLOCKED_SECONDS = 5.0
REMEMBERED_SECONDS = 30.0
MAX_FRAMES = 5


class LoopWatch:
    """Says that the loop stands still after BLOCKED_SECONDS, while it does; its health remembers it for a while."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._beat_at = 0.0
        self._stood_still_at = float("-inf")

    async def run(self) -> None:
        """Watch the loop that this runs in until cancelled."""
        self._beat_at = time.monotonic()
        over, watched = threading.Event(), threading.get_ident()
        look = copy_context().run
        threading.Thread(target=look, args=(self._look, over, watched), name="loop-watch", daemon=True).start()
        try:
            while True:
                self._beat()
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            over.set()

    def _late_seconds(self) -> float:
        return max(0.0, time.monotonic() - self._beat_at - BEAT_SECONDS)

    def _beat(self) -> None:
        late = self._late_seconds()
        self._beat_at = time.monotonic()
        metrics.LOOP_LAG.observe(late)
        if late > BLOCKED_SECONDS:
            self._stood_still_at = self._beat_at
            self._health.failed(f"the event loop stood still for {late:.0f} s")
        elif self._beat_at - self._stood_still_at > REMEMBERED_SECONDS:
            self._health.ready()

    def _look(self, over: threading.Event, watched: int) -> None:
        """Complain once each time that the loop stands still."""
        complained = False
        while not over.wait(LOOK_SECONDS):
            late = self._late_seconds()
            if late > BLOCKED_SECONDS and not complained:
                where = places(sys._current_frames().get(watched))  # noqa: SLF001 - there is no other way to know
                structlog.get_logger().error("loop.blocked", seconds=round(late, 1), where=where)
            complained = late > BLOCKED_SECONDS


def places(frame: FrameType | None) -> list[str]:
    """Return where a thread is, innermost first: files and functions, no values."""
    found: list[str] = []
    while frame is not None and len(found) < MAX_FRAMES:
        found.append(f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return found
