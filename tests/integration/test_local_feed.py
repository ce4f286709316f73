"""A read model of the service's own events reports how far it is behind its store."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from chassis.consume import local_feed
from chassis.consume.applier import Applier
from chassis.consume.local_feed import LocalFeed
from chassis.consume.positions import OWN_TOPIC
from chassis.postgres import server_clock
from chassis.postgres.server_clock import ServerClock
from chassis.runtime import metrics
from chassis.runtime.supervisor import Health
from chassis.store.mapper import EventMapper
from tests.faults.support.facts import commit
from tests.support.pipeline import Pipeline
from tests.support.waiting import background, eventually


def age(applier: Applier) -> float:
    return float(metrics.WATERMARK_AGE.labels(applier.name, OWN_TOPIC)._value.get())


async def test_a_list_that_is_late_is_not_ready_until_it_has_caught_up(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_feed, "STALE_SECONDS", 0.2)
    go_on, health = asyncio.Event(), Health("list")

    async def slowly(*_: Any) -> None:
        await go_on.wait()

    async def is_late() -> bool:
        return not health.is_ready and health.detail.startswith("complete only up to")

    async def has_caught_up() -> bool:
        return health.is_ready and age(applier) == 0

    applier = Applier(pipeline.name, pipeline.pool, slowly)
    await commit(pipeline.store, 3)
    await asyncio.sleep(0.3)
    async with background(LocalFeed(pipeline.store, EventMapper(), applier, health=health).run):
        await eventually(is_late)
        assert age(applier) > 0.2
        go_on.set()
        await eventually(has_caught_up)


async def test_a_list_that_cannot_apply_its_first_events_is_not_ready(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_feed, "STALE_SECONDS", 0.2)
    health, applier = Health("list"), Applier(pipeline.name, pipeline.pool, lasting_long)
    ready = list[Health]()

    def note(each: Health) -> None:
        ready.append(each)

    monkeypatch.setattr(Health, "ready", note)

    async def is_late() -> bool:
        return health.detail.startswith("complete only up to")

    await commit(pipeline.store, 1)
    await asyncio.sleep(0.3)
    feed = LocalFeed(pipeline.store, EventMapper(), applier, health=health)
    for _ in range(2):
        async with background(feed.run):
            await eventually(is_late)
    assert health not in ready


async def lasting_long(*_: Any) -> None:
    await asyncio.sleep(60)


async def test_the_clock_of_the_server_is_asked_seldom_and_goes_on(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ServerClock(pipeline.pool)
    first = await clock.now()
    asked = clock._asked
    await asyncio.sleep(0.05)
    assert timedelta(seconds=0.05) <= await clock.now() - first < timedelta(seconds=5)
    assert clock._asked is asked
    monkeypatch.setattr(server_clock, "ASK_SECONDS", 0)
    await clock.now()
    assert clock._asked is not asked
