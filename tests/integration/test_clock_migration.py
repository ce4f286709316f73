"""The migration that compares clocks, and back: earlier builds append before, during and after it."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

import chassis.store
from chassis.postgres.database import Pool, open_pool
from chassis.store.append import Outcome, arrays
from chassis.store.event_store import EventStore
from tests.support.appends import append_of
from tests.support.servers import Database

UP, DOWN = (
    (Path(chassis.store.__file__).parent / "schema" / "20261129120000_clocks.sql").read_text().split("-- migrate:down")
)
# The calls of a build from before the migration.
APPEND_BEFORE = f"SELECT outcome FROM append_events({', '.join(f'${n}' for n in range(1, 17))})"
WATERMARK_BEFORE = "SELECT head FROM store_watermark()"


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.admin, size=1, application_name="tests", session={"role": "care_migrator"})
    yield opened
    await opened.close()


async def append_before(pool: Pool) -> str:
    outcome: str = await pool.fetchval(APPEND_BEFORE, *arrays([append_of(uuid4(), [1])]))
    return outcome


async def test_67_positions_continue_through_the_migration_and_back(store: EventStore, pool: Pool, owner: Pool) -> None:
    assert (await store.append(append_of(uuid4(), [1]))).outcome is Outcome.DONE
    _, before = await store.watermark()
    await owner.execute(DOWN)
    assert await append_before(pool) == "done"
    assert await pool.fetchval(WATERMARK_BEFORE) == 2
    await owner.execute(UP)
    assert (await store.append(append_of(uuid4(), [1]))).last_position == 3
    assert (await store.watermark())[1] >= before


async def test_67_a_build_from_before_the_migration_still_appends_after_it(store: EventStore, pool: Pool) -> None:
    assert await append_before(pool) == "done"
    assert await pool.fetchval(WATERMARK_BEFORE) == await store.head() == 1
