"""A row that times out each time fails after MAX_ATTEMPTS, and its file ends. An outage fails no row."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.commands.command import Context
from chassis.commands.result import ConflictError
from chassis.files.importer import RowKeys, RowOutcome
from chassis.files.imports import Imports
from chassis.files.row_attempts import MAX_ATTEMPTS
from chassis.files.table import Column, Row
from chassis.postgres.database import Pool
from chassis.runtime.supervisor import Health, attempt
from chassis.store.event_store import AppendsRefusedError
from tests.support.waiting import DEADLINE_SECONDS, background, eventually

BATCH = """
    INSERT INTO import_batch (id, created_by, rows, kind, progress) VALUES ($1, 'ops', 3, 'orders', '{"waiting": 3}')
"""
ROWS = """
    INSERT INTO import_row (batch_id, number, cells, original, changes, refers_to)
    SELECT $1, number, '{}', '["KH-1"]', '{}', '{}' FROM generate_series(2, 4) AS number
"""
STATUS = "SELECT status FROM import_batch WHERE id = $1"
READ = "SELECT outcome, status, problem, attempts, original FROM import_row WHERE batch_id = $1 ORDER BY number"


class Orders:
    """An importer whose row 3 fails with `error`."""

    columns: Sequence[Column] = ()
    places: Mapping[str, Sequence[str]] = {"": ()}

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.tried = 0

    async def prepare(self, rows: Sequence[Row], import_id: str, *, was_elsewhere: bool) -> None:
        """Read nothing."""

    async def import_row(self, row: Row, context: Context) -> tuple[RowOutcome, UUID]:
        if row.number == 3:
            self.tried += 1
            raise self.error
        return RowOutcome.CREATED, UUID(context.key.split("|")[1])

    def keys(self, row: Row) -> RowKeys:
        return RowKeys([UUID(int=row.number)], ())


@pytest.fixture
async def batch_id(pool: Pool) -> UUID:
    sent = uuid4()
    await pool.execute(BATCH, sent)
    await pool.execute(ROWS, sent)
    return sent


async def tried(imports: Imports, times: int) -> None:
    """Run the task until it has failed so many times, as under a supervisor."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        for _ in range(times):
            await attempt(imports.run)


@pytest.mark.parametrize("error", [TimeoutError(), ConflictError()])
async def test_a_row_that_times_out_each_time_fails_and_its_file_ends(
    pool: Pool, batch_id: UUID, error: Exception
) -> None:
    orders = Orders(error)
    imports = Imports(pool, {"orders": orders}, health=Health("importer"))
    await tried(imports, MAX_ATTEMPTS - 1)
    assert await pool.fetchval(STATUS, batch_id) == "running"

    async def ended() -> bool:
        return bool(await pool.fetchval(STATUS, batch_id) == "succeeded")

    async with background(imports.run):
        await eventually(ended)
    rows = [dict(row) for row in await pool.fetch(READ, batch_id)]
    assert [row["outcome"] for row in rows] == ["created", "failed", "created"]
    assert (rows[1]["status"], rows[1]["problem"]["code"], orders.tried) == (503, "timeout", MAX_ATTEMPTS)
    assert rows[1]["original"] == ["KH-1"]


@pytest.mark.parametrize("error", [ConnectionError(), AppendsRefusedError()])
async def test_an_outage_fails_no_row_however_long_it_lasts(pool: Pool, batch_id: UUID, error: Exception) -> None:
    orders = Orders(error)
    imports = Imports(pool, {"orders": orders}, health=Health("importer"))
    await tried(imports, MAX_ATTEMPTS + 1)
    waiting: Any = await pool.fetchrow(f"{READ} OFFSET 1", batch_id)
    assert (waiting["outcome"], waiting["attempts"], orders.tried) == ("waiting", 0, MAX_ATTEMPTS + 1)
