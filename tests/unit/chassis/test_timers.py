"""Timers look at once for more work, rest between two looks without any, and miss no wake."""

import asyncio

import pytest

from chassis.consume import timers
from chassis.consume.timers import Timers
from chassis.runtime.supervisor import Health
from tests.support.waiting import background, eventually


class Due:
    """Timers of which `waiting` are due. Counts the looks."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        self.looks = 0

    async def run_due(self) -> int:
        self.looks += 1
        handled = min(self.waiting, 10)
        self.waiting -= handled
        return handled


async def test_due_timers_are_handled_without_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "REST_SECONDS", 600.0)
    due = Due(500)
    async with background(Timers(due.run_due, health=Health("timers")).run):
        await eventually(lambda: is_done(due))


async def test_timers_that_are_woken_all_the_time_rest_between_two_looks() -> None:
    due, loop = Due(0), asyncio.get_running_loop()
    woken, started_at = Timers(due.run_due, health=Health("timers")), loop.time()
    async with background(woken.run):
        for _ in range(50):
            woken.wake()
            await asyncio.sleep(timers.REST_SECONDS / 25)
        assert due.looks <= (loop.time() - started_at) / timers.REST_SECONDS + 1


async def test_a_wake_during_the_rest_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "TICK_SECONDS", 600.0)
    due = Due(0)
    woken = Timers(due.run_due, health=Health("timers"))
    async with background(woken.run):
        await eventually(lambda: is_looking(due))
        due.waiting = 1
        woken.wake()
        await eventually(lambda: is_done(due))


async def test_a_problem_is_shown_while_timers_are_handled() -> None:
    due, health, problems = Due(0), Health("timers"), ["one fails"]
    woken = Timers(due.run_due, health=health, problem=lambda: problems[0] if problems else None)
    async with background(woken.run):
        await eventually(lambda: is_looking(due))
        assert (health.is_ready, health.detail) == (False, "one fails")
        problems.clear()
        await eventually(lambda: is_ready(health))


async def is_ready(health: Health) -> bool:
    return health.is_ready


async def is_looking(due: Due) -> bool:
    return due.looks > 0


async def is_done(due: Due) -> bool:
    return due.waiting == 0
