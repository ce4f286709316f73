"""A stall is reported; progress is not, and neither is an event loop that was blocked itself."""

import asyncio
import time

from chassis.runtime.stall import StallWatch
from tests.support.waiting import eventually


class StallCounter:
    def __init__(self, seconds: float) -> None:
        self.times = 0
        self.watch = StallWatch(seconds, self.count)
        self.watch.record_progress()
        self.watch.start()

    def count(self) -> None:
        self.times += 1

    async def has_stalled(self) -> bool:
        return self.times > 0


async def test_missing_progress_is_a_stall() -> None:
    stalls = StallCounter(0.02)
    await eventually(stalls.has_stalled)
    assert stalls.watch.stalled
    stalls.watch.record_progress()
    assert not stalls.watch.stalled


async def test_progress_that_a_blocked_loop_records_late_counts() -> None:
    stalls = StallCounter(0.2)
    time.sleep(0.5)  # noqa: ASYNC251 - blocks the event loop
    asyncio.get_running_loop().call_later(0.01, stalls.watch.record_progress)
    for _ in range(5):
        await asyncio.sleep(0)
    assert stalls.times == 0
    await eventually(stalls.has_stalled)


async def test_a_stopped_watch_reports_nothing() -> None:
    stalls, other = StallCounter(0.01), StallCounter(0.05)
    stalls.watch.stop()
    await eventually(other.has_stalled)
    assert stalls.times == 0
