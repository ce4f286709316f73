"""A loop that is held up says so: by a metric, in the log while it stands still, and in its health afterwards."""

import threading
import time
from collections.abc import AsyncIterator, Sequence

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chassis.runtime import loop_watch
from chassis.runtime.loop_watch import LoopWatch
from chassis.runtime.supervisor import Health
from tests.support.waiting import background, eventually


@pytest.fixture
async def health(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Health]:
    """What the watch of this test's own loop says, on a short leash."""
    for name, seconds in {"BEAT": 0.01, "LOOK": 0.01, "BLOCKED": 1.0, "REMEMBERED": 1.0}.items():
        monkeypatch.setattr(loop_watch, f"{name}_SECONDS", seconds)
    said = Health("loop")
    async with background(LoopWatch(said).run):
        await eventually(lambda: is_ready(said))
        yield said


async def is_ready(said: Health) -> bool:
    return said.is_ready


async def stood_still(said: Health) -> bool:
    return "stood still" in said.detail


def measured() -> float:
    return REGISTRY.get_sample_value("care_loop_lag_seconds_sum") or 0.0


async def test_a_loop_that_stands_still_is_told_of_while_it_does(health: Health) -> None:
    with capture_logs() as logs:
        hold_up_until_told_of(logs)
    (line,) = [each for each in logs if each["event"] == "loop.blocked"]
    assert any(place.endswith("hold_up_until_told_of") for place in line["where"])
    await eventually(lambda: stood_still(health))


def hold_up_until_told_of(logs: Sequence[object]) -> None:
    give_up_at = time.monotonic() + 20
    while not logs and time.monotonic() < give_up_at:
        time.sleep(0.05)


async def test_what_has_passed_is_forgotten_after_a_while(health: Health) -> None:
    time.sleep(1.5)  # noqa: ASYNC251 - this is what must not be done
    await eventually(lambda: stood_still(health))
    await eventually(lambda: is_ready(health))


async def test_how_late_the_loop_is_is_measured(health: Health) -> None:
    before = measured()
    time.sleep(1.5)  # noqa: ASYNC251 - this is what must not be done
    await eventually(lambda: stood_still(health))
    assert measured() - before > 1.0


async def test_the_watch_ends_with_its_task() -> None:
    async with background(LoopWatch(Health("loop")).run):
        pass

    async def is_gone() -> bool:
        return all(thread.name != "loop-watch" for thread in threading.enumerate())

    await eventually(is_gone)
