"""Runs due timers: rows with a due time, handled in batches (P5). `wake` starts the next batch early.

A busy consumer wakes timers with each batch. They rest between two looks, because a look costs a transaction.
"""

import asyncio
from collections.abc import Awaitable, Callable

from chassis.runtime import metrics
from chassis.runtime.event_timeout import wait_with_timeout
from chassis.runtime.supervisor import Health

TICK_SECONDS = 1.0
REST_SECONDS = 0.1

RunDue = Callable[[], Awaitable[int]]
# Returns in one line what is wrong, although timers are handled; None if nothing is.
Problem = Callable[[], str | None]


def no_problem() -> str | None:
    return None


class Timers:
    """Calls `run_due` every tick, and again at once if it handled any timer. It returns how many it handled."""

    def __init__(self, run_due: RunDue, *, health: Health, problem: Problem = no_problem) -> None:
        self._run_due = run_due
        self._health = health
        self._problem = problem
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        while True:
            self._woken.clear()
            handled = await self._run_due()
            metrics.TIMERS.inc(handled)
            if problem := self._problem():
                self._health.failed(problem)
            else:
                self._health.ready()
            if handled == 0:
                await asyncio.sleep(REST_SECONDS)
                await wait_with_timeout(self._woken, TICK_SECONDS - REST_SECONDS)
