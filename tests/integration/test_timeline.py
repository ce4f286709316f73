"""A pool stays on the timeline of its first connection (ADR 0020)."""

from collections.abc import AsyncIterator

import pytest

from chassis.postgres import database as database_module
from chassis.postgres.database import OtherTimelineError, Pool, StandbyError, Timeline, open_pool
from tests.support.servers import Database

STANDBY = "SELECT NULL::text"
PROMOTED = "SELECT 'another'"


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


@pytest.fixture
async def living(database: Database, timeline: Timeline) -> AsyncIterator[Pool]:
    opened = await open_pool(database.app, size=2, application_name="tests", timeline=timeline)
    yield opened
    await opened.close()


async def test_new_connections_on_the_same_timeline_are_used(living: Pool, timeline: Timeline) -> None:
    for _ in range(3):
        await living.expire_connections()
        assert await living.fetchval("SELECT 1") == 1
    assert not timeline.left.is_set()


async def test_after_a_promotion_the_pool_raises_and_reports_it(
    living: Pool, timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await living.fetchval("SELECT 1")
    await living.expire_connections()
    monkeypatch.setattr(database_module, "READ_TIMELINE", PROMOTED)
    with pytest.raises(OtherTimelineError):
        await living.fetchval("SELECT 1")
    assert timeline.left.is_set()


async def test_a_standby_is_not_used_and_its_primary_is_when_it_answers(
    living: Pool, timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as following:
        following.setattr(database_module, "READ_TIMELINE", STANDBY)
        with pytest.raises(StandbyError):
            await living.fetchval("SELECT 1")
    assert await living.fetchval("SELECT 1") == 1
    assert not timeline.left.is_set()
