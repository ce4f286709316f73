"""A delayed event loop is reported: by a metric, and on stderr while it is blocked."""

import subprocess
import sys
import time
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from chassis.runtime import loop_watch
from chassis.runtime.loop_watch import watch
from chassis.runtime.supervisor import Health
from tests.support.waiting import background, eventually

BLOCKED_SECONDS = 1.0
# Longer than a busy machine delays a loop that nothing blocks.
PATIENT_SECONDS = 5.0
BLOCKED = """
import asyncio, time
from chassis.runtime import loop_watch
from chassis.runtime.supervisor import Health

def block(seconds):
    time.sleep(seconds)

async def main():
    watching = asyncio.create_task(loop_watch.watch(Health("loop")))
    await asyncio.sleep(0.1)
    block(6)
    watching.cancel()

loop_watch.BEAT_SECONDS, loop_watch.BLOCKED_SECONDS = 0.01, 2.0
asyncio.run(main())
"""


@pytest.fixture
async def watched(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> AsyncIterator[None]:
    """The test's own loop, monitored with short limits; stderr goes to `capfd`, which must be set up first.

    A test sets its own limit by a parameter of the fixture, so that it holds from the first beat on.
    """
    capfd.readouterr()
    monkeypatch.setattr(loop_watch, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(loop_watch, "BLOCKED_SECONDS", getattr(request, "param", BLOCKED_SECONDS))
    before, health = beats(), Health("loop")

    async def is_watched() -> bool:
        return health.is_ready and beats() > before

    async with background(lambda: watch(health)):
        await eventually(is_watched)
        yield


def beats() -> float:
    return REGISTRY.get_sample_value("care_event_loop_lag_seconds_count") or 0.0


def lag() -> float:
    return REGISTRY.get_sample_value("care_event_loop_lag_seconds_sum") or 0.0


def block(seconds: float) -> None:
    time.sleep(seconds)


async def is_measured(before: float) -> bool:
    return lag() - before > BLOCKED_SECONDS


def test_a_blocked_loop_writes_its_stack_once() -> None:
    """In a process of its own: the timer of `faulthandler` is that of the process, and other loops set it again."""
    said = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=True).stderr
    assert said.count("Timeout (") == 1
    assert " in block\n" in said


@pytest.mark.usefixtures("watched")
async def test_the_lag_of_the_loop_is_measured() -> None:
    before = lag()
    block(2 * BLOCKED_SECONDS)
    await eventually(lambda: is_measured(before))


@pytest.mark.parametrize("watched", [PATIENT_SECONDS], indirect=True)
@pytest.mark.usefixtures("watched")
async def test_a_loop_that_is_not_blocked_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    # The monitor runs for longer than its limit in all.
    enough_at = time.monotonic() + 1.2 * PATIENT_SECONDS

    async def has_run() -> bool:
        return time.monotonic() > enough_at

    await eventually(has_run)
    assert "Timeout (" not in capfd.readouterr().err


async def test_the_monitor_ends_with_its_task(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(loop_watch, "BLOCKED_SECONDS", BLOCKED_SECONDS)
    async with background(lambda: watch(Health("loop"))):
        pass
    block(2 * BLOCKED_SECONDS)
    assert "Timeout (" not in capfd.readouterr().err
