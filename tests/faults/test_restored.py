"""A store is restored from a backup that is older than the topic: processing stops until an operator has acted."""

import pytest

from chassis.publish import topic_check
from chassis.runtime.supervisor import Health
from tests.faults.support import evidence
from tests.faults.support.deployment import ALL_PUBLISHED, as_admin, wait_until_true
from tests.faults.support.facts import change, commit
from tests.faults.support.relay_process import delete_topic, detail_contains, supervised
from tests.support.pipeline import Pipeline
from tests.support.servers import Database
from tests.support.waiting import background, eventually

KEPT = 20
SET_BACK = f"""
    DELETE FROM event WHERE position > {KEPT};
    UPDATE relay_cursor SET position = {KEPT}; UPDATE relay_partition SET position = least(position, {KEPT});
"""


async def restored(pipeline: Pipeline, database: Database, *, idle: bool = False) -> None:
    """Publish and apply 40 events, then remove the last 20 from the store, as a restore would.

    `idle`: before that, wait for watermarks, which say that nothing happened.
    """
    async with background(pipeline.relay().run, pipeline.consumer().run):
        ids = await commit(pipeline.store, KEPT)
        await change(pipeline.store, ids, "since the copy was made")
        await eventually(lambda: pipeline.has_seen(2 * KEPT))
        await wait_until_true(pipeline.pool, ALL_PUBLISHED)
        if idle:
            await eventually(pipeline.has_watermarks)
    await as_admin(database, SET_BACK)


async def assert_relay_refuses(pipeline: Pipeline, reason: str) -> None:
    """Assert that a relay reports this reason and publishes nothing."""
    before = await evidence.published(pipeline.bootstrap, pipeline.topic)
    health = Health("relay")
    async with background(supervised(pipeline.relay(), health)):
        await eventually(lambda: detail_contains(health, reason))
        assert not health.is_ready
    assert await evidence.published(pipeline.bootstrap, pipeline.topic) == before


async def test_a_relay_does_not_reuse_positions_that_consumers_have_read(watched: Pipeline, database: Database) -> None:
    await restored(watched, database)
    await commit(watched.store, 5)
    await assert_relay_refuses(watched, f"its store ends at {KEPT + 5}")


async def test_a_relay_detects_a_restored_store_that_has_new_events_beyond_the_lost_ones(
    watched: Pipeline, database: Database
) -> None:
    await restored(watched, database)
    await commit(watched.store, 3 * KEPT)
    await assert_relay_refuses(watched, "holds another event at")


async def test_61_a_relay_detects_a_restored_store_after_any_idle_time(
    watched: Pipeline, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await restored(watched, database, idle=True)
    await commit(watched.store, 3 * KEPT)
    # The last record of a partition is an event, however long nothing happened.
    monkeypatch.setattr(topic_check, "LAST_RECORDS", 1)
    await assert_relay_refuses(watched, "holds another event at")


async def test_61_a_store_that_was_not_restored_continues_after_any_idle_time(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with background(watched.relay().run):
        await commit(watched.store, KEPT)
        await eventually(watched.has_watermarks)
    monkeypatch.setattr(topic_check, "LAST_RECORDS", 1)
    await commit(watched.store, KEPT)
    async with background(watched.relay().run, watched.consumer().run):
        await eventually(lambda: watched.has_seen(2 * KEPT))


async def test_a_consumer_ahead_of_the_refilled_topic_stops_and_reports_it(
    watched: Pipeline, database: Database
) -> None:
    await restored(watched, database)
    await delete_topic(watched.bootstrap, watched.topic)
    health = Health("consumer")
    async with background(supervised(watched.relay()), supervised(watched.consumer(), health)):
        await eventually(lambda: detail_contains(health, "is applied here"))
        await commit(watched.store, 1)
        await wait_until_true(watched.pool, ALL_PUBLISHED)
        assert not health.is_ready
    assert await watched.has_seen(2 * KEPT)
