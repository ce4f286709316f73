"""R27, R28, R30, R31, R34: consumers are killed, frozen or rebalanced, or their topic has lost records."""

import asyncio
import contextlib
import random

import pytest

from chassis.consume import gap_detector
from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.fact_log.fact import FactReader
from chassis.consume.gap_detector import GapFoundError
from chassis.consume.positions import PositionMovedError
from chassis.postgres.database import Pool
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from services.reporting import projection
from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import ALL_PUBLISHED, Deployment, as_admin, keep_running_process, wait_until_true
from tests.faults.support.facts import change, commit, commit_for_ever
from tests.faults.support.read_model_checks import check_read_model, read_model_caught_up, relay_for
from tests.faults.support.relay_process import delete_records
from tests.support.pipeline import Pipeline
from tests.support.servers import Database
from tests.support.waiting import background, eventually

POSITIONS = "SELECT topic, partition, position FROM consumer_position WHERE consumer = 'reporting'"
TABLES = ("customer", "fact", "consumer_position")
DICE = random.Random(3)  # noqa: S311 - repeatable, not secret


async def test_r27_a_consumer_that_dies_before_its_offsets_are_committed_repeats_no_effect(
    deployment: Deployment, pool: Pool, read_model: Pool, reporting: Database
) -> None:
    await commit(EventStore(pool), 50, changes=2)
    consumer = await deployment.start("reporting", "consumer", reporting.app, crash_at="consumer.before-offset-commit")
    async with background(relay_for(deployment, pool).run):
        await consumer.child.wait()
        assert await read_model.fetchval("SELECT count(*) FROM fact") > 0
        await consumer.restart()
        await read_model_caught_up(pool, read_model)
    await check_read_model(pool, read_model)


@pytest.mark.nightly
async def test_r27_a_consumer_killed_at_random_repeats_no_effect(
    deployment: Deployment, pool: Pool, read_model: Pool, database: Database, reporting: Database
) -> None:
    consumer = await deployment.start("reporting", "consumer", reporting.app)
    async with background(relay_for(deployment, pool).run, lambda: keep_running_process(consumer, database)):
        async with background(lambda: commit_for_ever(pool)):
            for _ in range(5):
                await asyncio.sleep(DICE.uniform(8, 14))
                await consumer.kill()
        await read_model_caught_up(pool, read_model)
    await check_read_model(pool, read_model)


async def test_r28_a_topic_read_again_from_its_start_rewrites_no_row(
    deployment: Deployment, pool: Pool, read_model: Pool
) -> None:
    store, applier = (
        EventStore(pool),
        Applier(deployment.prefix, read_model, projection.apply, decode=FactReader([deployment.topic]).read),
    )
    ids = await commit(store, 30, changes=2)

    def consumer() -> Consumer:
        return Consumer(applier, [deployment.topic], bootstrap=deployment.bootstrap, health=Health("consumer"))

    async with background(relay_for(deployment, pool).run):
        async with background(consumer().run):
            await read_model_caught_up(pool, read_model)
        before = await written(read_model)
        await evidence.rewind_group(deployment.bootstrap, f"care-{deployment.prefix}", deployment.topic)
        await change(store, ids[:1], "a sign that all has been read")
        async with background(consumer().run):
            await read_model_caught_up(pool, read_model)
        after = await written(read_model)
    # Only the rows of one customer, the new entries and the positions may have been written since.
    assert {table: len(before[table] - after[table]) for table in TABLES[:2]} == {"customer": 1, "fact": 0}
    await check_read_model(pool, read_model)


async def written(pool: Pool) -> dict[str, set[str]]:
    """Return every row with the transaction that wrote it, so that a rewrite with equal values is visible."""
    return {table: {str(row) for row in await pool.fetch(f"SELECT xmin, * FROM {table}")} for table in TABLES}


async def test_r30_a_zombie_that_resumes_adds_nothing(
    deployment: Deployment, pool: Pool, read_model: Pool, reporting: Database
) -> None:
    zombie = await deployment.start("reporting", "consumer", reporting.app)
    samples: dict[str, list[int]] = {}

    async def watch() -> None:
        while True:
            for row in await read_model.fetch(POSITIONS):
                samples.setdefault(f"{row['topic']}/{row['partition']}", []).append(row["position"])
            await asyncio.sleep(0.1)

    async with background(relay_for(deployment, pool).run, watch):
        async with background(lambda: commit_for_ever(pool)):
            await asyncio.sleep(2)
            zombie.freeze()
            await deployment.start("reporting", "consumer", reporting.app)
            # The session time-out of the group is ten seconds.
            await asyncio.sleep(12)
        await read_model_caught_up(pool, read_model)
        zombie.thaw()
        await commit(EventStore(pool), 50)
        await read_model_caught_up(pool, read_model)
    await check_read_model(pool, read_model)
    head = await pool.fetchval("SELECT position FROM store_head")
    oracle.hold(oracle.never_back(samples, head))


async def test_r31_many_rebalances_lose_and_duplicate_nothing(watched: Pipeline) -> None:
    async def come_and_go() -> None:
        while True:
            with contextlib.suppress(TimeoutError, PositionMovedError):
                async with asyncio.timeout(DICE.uniform(0.3, 1.5)):
                    await watched.consumer().run()

    async with background(watched.relay().run):
        async with background(lambda: commit_for_ever(watched.pool), *[come_and_go] * 6):
            await asyncio.sleep(5)
        async with background(watched.consumer().run):
            await wait_until_true(
                watched.pool, ALL_PUBLISHED, "SELECT count(*) = (SELECT position FROM store_head) FROM seen"
            )
    oracle.hold(oracle.applied_once(await evidence.stored(watched.pool), await evidence.applied(watched.pool)))


@pytest.fixture
async def halved(watched: Pipeline) -> Pipeline:
    """Thirty events are applied; thirty more are published while no consumer runs, then all but the last deleted."""
    async with background(watched.relay().run):
        await commit(watched.store, 30)
        async with background(watched.consumer().run):
            await eventually(lambda: watched.has_seen(30))
        await commit(watched.store, 30)
        await wait_until_true(watched.pool, ALL_PUBLISHED)
        await delete_records(watched.bootstrap, watched.topic, kept=1)
    return watched


@pytest.mark.parametrize("later", [0, 30])
async def test_r34_records_that_a_topic_lost_are_detected_and_reported(
    halved: Pipeline, later: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_detector, "GAP_PATIENCE_SECONDS", 0.3)
    await commit(halved.store, later)
    async with background(halved.relay().run), asyncio.timeout(120):
        with pytest.raises(GapFoundError, match="lacks the events after position"):
            await halved.consumer().run()
    assert await halved.has_seen(30)


async def test_r34_publishing_again_from_the_start_fills_the_gap(halved: Pipeline, database: Database) -> None:
    await as_admin(database, "UPDATE relay_cursor SET position = 0")
    await as_admin(database, "UPDATE relay_partition SET position = 0")
    async with background(halved.relay().run, halved.consumer().run):
        await eventually(lambda: halved.has_seen(60))
    oracle.hold(oracle.applied_once(await evidence.stored(halved.pool), await evidence.applied(halved.pool)))
