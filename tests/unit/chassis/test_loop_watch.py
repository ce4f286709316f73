"""A loop that is held up says so: by a metric, and on stderr while it is blocked."""

import time
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from chassis.runtime import loop_watch
from chassis.runtime.loop_watch import watch
from chassis.runtime.supervisor import Health
from tests.support.waiting import background, eventually

BLOCKED_SECONDS = 0.5


@pytest.fixture
async def watched(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> AsyncIterator[None]:
    """This test's own loop, watched on a short leash; what is said goes to `capfd`, which has to be there before."""
    capfd.readouterr()
    monkeypatch.setattr(loop_watch, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(loop_watch, "BLOCKED_SECONDS", BLOCKED_SECONDS)
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


def hold_up(seconds: float) -> None:
    time.sleep(seconds)


async def is_measured(before: float) -> bool:
    return lag() - before > BLOCKED_SECONDS


@pytest.mark.usefixtures("watched")
async def test_a_blocked_loop_says_once_where_it_stands_while_it_does(capfd: pytest.CaptureFixture[str]) -> None:
    hold_up(3 * BLOCKED_SECONDS)
    said = capfd.readouterr().err
    assert said.count("Timeout (") == 1
    assert " in hold_up\n" in said


@pytest.mark.usefixtures("watched")
async def test_how_late_the_loop_is_is_measured() -> None:
    before = lag()
    hold_up(2 * BLOCKED_SECONDS)
    await eventually(lambda: is_measured(before))


@pytest.mark.usefixtures("watched")
async def test_a_loop_that_comes_round_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    before = beats()

    async def has_come_round() -> bool:
        return beats() > before + 2 * BLOCKED_SECONDS / loop_watch.BEAT_SECONDS

    await eventually(has_come_round)
    assert "Timeout (" not in capfd.readouterr().err


async def test_the_watch_ends_with_its_task(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(loop_watch, "BLOCKED_SECONDS", BLOCKED_SECONDS)
    async with background(lambda: watch(Health("loop"))):
        pass
    hold_up(2 * BLOCKED_SECONDS)
    assert "Timeout (" not in capfd.readouterr().err
