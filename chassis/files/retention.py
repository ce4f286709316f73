"""Deletes the results of the rows of a file RESULT_RETENTION after its import has ended.

Guarantees. The batch itself stays, with the number of rows of each outcome. A transaction deletes at most DELETED_ROWS
rows, so it is short. Rows of an import that has not ended are never deleted. Safe in several processes at once.
"""

import asyncio
from datetime import timedelta

import structlog

from chassis.files.kept_cells import clear_expired_cells, delete_expired_keys
from chassis.postgres.database import Pool, transaction
from chassis.runtime.clock import utc_now
from chassis.runtime.supervisor import Health

RESULT_RETENTION = timedelta(days=90)
DELETED_ROWS = 1_000
CHECK_SECONDS = 600.0

EXPIRED = """
    SELECT b.id FROM import_batch b, check_clock($1)
    WHERE b.has_rows AND b.ended_at < clock_timestamp() - $2::interval
    ORDER BY b.ended_at LIMIT 1 FOR UPDATE OF b SKIP LOCKED
"""
SAVE_COUNTS = """
    UPDATE import_batch SET counts = (
        SELECT coalesce(jsonb_object_agg(o.outcome, o.rows), '{}')
        FROM (SELECT outcome, count(*) AS rows FROM import_row WHERE batch_id = $1 GROUP BY outcome) AS o
    ) WHERE id = $1 AND counts IS NULL
"""
DELETE = """
    DELETE FROM import_row WHERE batch_id = $1
        AND number IN (SELECT number FROM import_row WHERE batch_id = $1 ORDER BY number LIMIT $2)
"""
FINISH = """
    UPDATE import_batch SET has_rows = false
    WHERE id = $1 AND NOT EXISTS (SELECT FROM import_row WHERE batch_id = $1)
"""


async def delete_expired_rows(pool: Pool) -> bool:
    """Delete up to DELETED_ROWS rows of one expired import. Return whether there was an expired import.

    Raises ClockError: a clock that is ahead would delete rows too early.
    """
    async with transaction(pool) as held:
        batch_id = await held.fetchval(EXPIRED, utc_now(), RESULT_RETENTION)
        if batch_id is None:
            return False
        await held.execute(SAVE_COUNTS, batch_id)
        status = await held.execute(DELETE, batch_id, DELETED_ROWS)
        await held.execute(FINISH, batch_id)
    structlog.get_logger().info("import.expired", batch_id=str(batch_id), rows=int(status.rsplit(" ", 1)[1]))
    return True


class ResultMaintenance:
    """Deletes expired results and expired cells of imports of one service."""

    def __init__(self, pool: Pool, *, health: Health) -> None:
        self._pool = pool
        self._health = health

    async def run(self) -> None:
        """Delete what has expired every CHECK_SECONDS, until cancelled."""
        while True:
            while await delete_expired_rows(self._pool):
                pass
            while await clear_expired_cells(self._pool):
                pass
            await delete_expired_keys(self._pool)
            self._health.ready()
            await asyncio.sleep(CHECK_SECONDS)
