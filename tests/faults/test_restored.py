"""A store comes back from an older copy than the topic was made from: nothing goes on until somebody has seen to it."""

from chassis.runtime.supervisor import Health
from tests.faults.support import evidence
from tests.faults.support.facts import change, commit
from tests.faults.support.house import ALL_PUBLISHED, as_admin, quiet
from tests.faults.support.line import empty, says, supervised
from tests.support.pipeline import Pipeline
from tests.support.servers import Database
from tests.support.waiting import background, eventually

KEPT = 20
SET_BACK = f"""
    DELETE FROM event WHERE position > {KEPT}; UPDATE store_head SET position = {KEPT};
    UPDATE relay_cursor SET position = {KEPT}; UPDATE relay_partition SET position = least(position, {KEPT});
"""


async def restored(pipeline: Pipeline, database: Database) -> None:
    """Let everybody take in 40 facts, then take the last 20 out of the store as a restore would."""
    async with background(pipeline.relay().run, pipeline.consumer().run):
        ids = await commit(pipeline.store, KEPT)
        await change(pipeline.store, ids, "since the copy was made")
        await eventually(lambda: pipeline.has_seen(2 * KEPT))
        await quiet(pipeline.pool, ALL_PUBLISHED)
    await as_admin(database, SET_BACK)


async def test_a_relay_does_not_publish_under_positions_that_readers_have_seen(
    watched: Pipeline, database: Database
) -> None:
    await restored(watched, database)
    await commit(watched.store, 5)
    before = await evidence.published(watched.bootstrap, watched.topic)
    health = Health("relay")
    async with background(supervised(watched.relay(), health)):
        await eventually(lambda: says(health, f"its store ends at {KEPT + 5}"))
        assert not health.is_ready
    assert await evidence.published(watched.bootstrap, watched.topic) == before


async def test_a_relay_is_not_deceived_by_a_store_that_has_gone_on_beyond_what_it_lost(
    watched: Pipeline, database: Database
) -> None:
    await restored(watched, database)
    await commit(watched.store, 3 * KEPT)
    before = await evidence.published(watched.bootstrap, watched.topic)
    health = Health("relay")
    async with background(supervised(watched.relay(), health)):
        await eventually(lambda: says(health, "holds another event at"))
        assert not health.is_ready
    assert await evidence.published(watched.bootstrap, watched.topic) == before


async def test_a_reader_that_knows_more_than_the_refilled_topic_stops_and_says_so(
    watched: Pipeline, database: Database
) -> None:
    await restored(watched, database)
    await empty(watched.bootstrap, watched.topic)
    health = Health("consumer")
    async with background(supervised(watched.relay()), supervised(watched.consumer(), health)):
        await eventually(lambda: says(health, "is applied here"))
        await commit(watched.store, 1)
        await quiet(watched.pool, ALL_PUBLISHED)
        assert not health.is_ready
    assert await watched.has_seen(2 * KEPT)
