"""A failed background task is restarted, and its health contains the reason."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from chassis.runtime import supervisor
from chassis.runtime.supervisor import Supervisor
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 0.001)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the pauses between restarts without waiting."""
    waited: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr("chassis.runtime.supervisor.asyncio.sleep", note)
    return waited


@asynccontextmanager
async def started(made: Supervisor) -> AsyncIterator[None]:
    made.start()
    try:
        yield
    finally:
        await made.stop()


class Failing:
    """A task that fails a number of times and then runs on."""

    def __init__(self, made: Supervisor, *failures: BaseException) -> None:
        self.failures: Iterator[BaseException] = iter(failures)
        self.starts = 0
        self.health = made.health("task")
        made.add("task", self.run)

    async def run(self) -> None:
        self.starts += 1
        for failure in self.failures:
            raise failure
        self.health.ready()
        await asyncio.Event().wait()

    async def is_ready(self) -> bool:
        return self.health.is_ready


async def test_a_task_that_fails_is_restarted() -> None:
    made = Supervisor()
    task = Failing(made, RuntimeError("once"), OSError("twice"))
    async with started(made):
        await eventually(task.is_ready)
    assert task.starts == 3


async def test_a_task_that_ends_is_restarted() -> None:
    made, starts = Supervisor(), []

    async def end() -> None:
        starts.append(1)

    async def has_started_again() -> bool:
        return len(starts) > 2

    made.add("task", end)
    async with started(made):
        await eventually(has_started_again)
    assert made.health("task").detail == "ended"


async def test_a_task_whose_awaited_task_was_cancelled_is_restarted() -> None:
    made = Supervisor()
    task = Failing(made, asyncio.CancelledError())
    async with started(made):
        await eventually(task.is_ready)
    assert task.starts == 2


async def test_a_failed_group_does_not_make_a_later_failure_look_like_a_stop() -> None:
    made, starts = Supervisor(), []

    async def fail() -> None:
        raise OSError

    async def run() -> None:
        starts.append(1)
        if len(starts) == 1:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
        if len(starts) == 2:
            raise asyncio.CancelledError
        made.health("task").ready()
        await asyncio.Event().wait()

    async def is_ready() -> bool:
        return made.health("task").is_ready

    made.add("task", run)
    async with started(made):
        await eventually(is_ready)
    assert len(starts) == 3


async def test_health_says_why_a_task_is_not_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 60)
    made = Supervisor()
    task = Failing(made, OSError("no such host"))
    assert (task.health.is_ready, task.health.detail) == (False, "starting")

    async def has_failed() -> bool:
        return task.health.detail != "starting"

    async with started(made):
        await eventually(has_failed)
        assert [(one.name, one.is_ready, one.detail) for one in made.running()] == [
            ("task", False, "OSError: no such host")
        ]


async def test_a_long_reason_is_cut_to_a_line() -> None:
    assert len(await supervisor.attempt(Failing(Supervisor(), OSError("x" * 9_999)).run)) == 300


async def test_a_reason_contains_no_data_of_a_row() -> None:
    """The reason is public in the health page, and is logged."""
    assert await supervisor.attempt(Failing(Supervisor(), ValueError("王小明")).run) == "ValueError"


async def test_one_failing_task_does_not_disturb_another() -> None:
    made = Supervisor()
    failing = Failing(made, *[RuntimeError("again")] * 5)
    steady = made.health("steady")

    async def run() -> None:
        steady.ready()
        await asyncio.Event().wait()

    made.add("steady", run)
    async with started(made):
        await eventually(failing.is_ready)
        assert steady.is_ready


async def test_the_pause_doubles_up_to_its_limit(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 1.0)
    made = Supervisor()
    task = Failing(made, *[RuntimeError("again")] * 6)
    async with started(made):
        await _ready_without_sleeping(task)
    assert pauses == [1, 2, 4, 8, 10, 10]


async def test_after_a_healthy_period_the_pause_is_short_again(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 1.0)
    monkeypatch.setattr(supervisor, "HEALTHY_AFTER_SECONDS", -1.0)
    made = Supervisor()
    task = Failing(made, *[RuntimeError("again")] * 4)
    async with started(made):
        await _ready_without_sleeping(task)
    assert pauses == [1, 1, 1, 1]


async def _ready_without_sleeping(task: Failing) -> None:
    async with asyncio.timeout(60):
        while not task.health.is_ready:
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)


async def test_stopping_cancels_every_task_and_waits_for_its_clean_up() -> None:
    made, tidied = Supervisor(), []

    async def run(name: str) -> None:
        made.health(name).ready()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tidied.append(name)

    for name in ("a", "b"):
        made.add(name, lambda name=name: run(name))  # type: ignore[misc]

    async def all_ready() -> bool:
        return all(one.is_ready for one in made.running())

    made.start()
    await eventually(all_ready)
    await made.stop()
    assert sorted(tidied) == ["a", "b"]


async def test_stopping_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.01)
    made, release = Supervisor(), asyncio.Event()

    async def stubborn() -> None:
        made.health("stubborn").ready()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def is_ready() -> bool:
        return made.health("stubborn").is_ready

    async def has_ended() -> bool:
        return made.health("stubborn").detail == "ended"

    made.add("stubborn", stubborn)
    made.start()
    await eventually(is_ready)
    async with asyncio.timeout(60):
        await made.stop()
    release.set()
    await eventually(has_ended)
    await made.stop()


async def test_stopping_an_unstarted_supervisor_does_nothing() -> None:
    await Supervisor().stop()


def test_a_task_that_runs_elsewhere_has_a_health_that_does_not_count_here() -> None:
    made = Supervisor()
    made.health("relay")
    assert made.running() == []
