"""What stands still is noticed; what moves is not taken for it, nor is a loop that comes late itself."""

import asyncio
import time

from chassis.runtime.stall import StallWatch
from tests.support.waiting import eventually


class Told:
    def __init__(self, seconds: float) -> None:
        self.times = 0
        self.watch = StallWatch(seconds, self.tell)
        self.watch.moved()
        self.watch.watch()

    def tell(self) -> None:
        self.times += 1

    async def has_been_told(self) -> bool:
        return self.times > 0


async def test_nothing_moved() -> None:
    told = Told(0.02)
    await eventually(told.has_been_told)
    assert told.watch.stalled
    told.watch.moved()
    assert not told.watch.stalled


async def test_what_a_late_loop_has_still_to_hear_of_counts() -> None:
    told = Told(0.2)
    time.sleep(0.5)  # noqa: ASYNC251 - so that the loop comes late
    asyncio.get_running_loop().call_later(0.01, told.watch.moved)
    for _ in range(5):
        await asyncio.sleep(0)
    assert told.times == 0
    await eventually(told.has_been_told)


async def test_who_rests_is_told_nothing() -> None:
    told, other = Told(0.01), Told(0.05)
    told.watch.rest()
    await eventually(other.has_been_told)
    assert told.times == 0
