"""Results of the rows of an import are deleted RESULT_RETENTION after its end; the counts stay."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis.files.retention import CHECK_SECONDS, DELETED_ROWS, RESULT_RETENTION, ResultMaintenance
from chassis.files.retention import delete_expired_rows as delete
from chassis.postgres.database import ClockError, Pool
from chassis.runtime.clock import utc_now
from chassis.runtime.supervisor import Health
from tests.support.waiting import background, eventually

ADD_BATCH = """
    INSERT INTO import_batch (id, created_by, rows, status, ended_at)
    VALUES ($1, 'E1', $2, 'succeeded', clock_timestamp() - $3::interval)
"""
ADD_ROWS = """
    INSERT INTO import_row (batch_id, number, cells, outcome)
    SELECT $1, n, '{}', CASE n % 2 WHEN 0 THEN 'created' ELSE 'failed' END FROM generate_series(1, $2::integer) AS n
"""
LEFT = "SELECT count(*) FROM import_row WHERE batch_id = $1"
DEAD = RESULT_RETENTION + timedelta(minutes=1)

AddImport = Callable[..., Awaitable[UUID]]


@pytest.fixture
def add_import(pool: Pool) -> AddImport:
    async def add(rows: int, ended: timedelta | None) -> UUID:
        batch_id = uuid4()
        await pool.execute(ADD_BATCH, batch_id, rows, ended)
        await pool.execute(ADD_ROWS, batch_id, rows)
        return batch_id

    return add


async def test_71_rows_are_deleted_in_short_transactions_and_the_counts_stay(pool: Pool, add_import: AddImport) -> None:
    batch_id = await add_import(DELETED_ROWS + 2, DEAD)
    assert await delete(pool)
    assert await pool.fetchval(LEFT, batch_id) == 2
    assert await delete(pool)
    assert await pool.fetchval(LEFT, batch_id) == 0
    assert not await delete(pool)
    counts = await pool.fetchval("SELECT counts FROM import_batch WHERE id = $1", batch_id)
    assert counts == {"created": DELETED_ROWS // 2 + 1, "failed": DELETED_ROWS // 2 + 1}


@pytest.mark.parametrize("ended", [RESULT_RETENTION - timedelta(minutes=1), None])
async def test_rows_are_kept_for_the_retention_and_while_an_import_runs(
    pool: Pool, add_import: AddImport, ended: timedelta | None
) -> None:
    batch_id = await add_import(3, ended)
    assert not await delete(pool)
    assert await pool.fetchval(LEFT, batch_id) == 3


async def test_an_import_without_rows_expires_once(pool: Pool, add_import: AddImport) -> None:
    await add_import(0, DEAD)
    assert [await delete(pool), await delete(pool)] == [True, False]


async def test_a_clock_that_is_ahead_deletes_no_rows(
    pool: Pool, add_import: AddImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await add_import(1, DEAD)
    # The database is as far ahead of this process as this process is behind.
    monkeypatch.setattr("chassis.files.retention.utc_now", lambda: utc_now() - timedelta(days=2))
    with pytest.raises(ClockError):
        await delete(pool)
    assert await pool.fetchval(LEFT, batch_id) == 1


async def test_the_task_deletes_everything_that_has_expired(pool: Pool, add_import: AddImport) -> None:
    for _ in range(3):
        await add_import(DELETED_ROWS + 1, DEAD)
    health = Health("import-results")
    async with background(ResultMaintenance(pool, health=health).run):

        async def is_ready() -> bool:
            return health.is_ready

        await eventually(is_ready)
    assert await pool.fetchval("SELECT count(*) FROM import_row") == 0
    assert CHECK_SECONDS <= 600
