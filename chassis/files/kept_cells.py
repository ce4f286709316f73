"""The cells of failed rows, as they were sent: kept for CELLS_RETENTION, so that they can be corrected (ADR 0032).

Guarantees. Cells of a row are kept only while it waits, or if it failed. After CELLS_RETENTION, and after an erasure of
the customer that they name, they are gone. A row that fails after an erasure keeps none, also if its file was accepted
during the erasure, or is sent less than CELLS_RETENTION after it.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import structlog

from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime.clock import utc_now

CELLS_RETENTION = timedelta(days=14)
CLEARED_ROWS = 1_000

EXPIRED = """
    SELECT b.id FROM import_batch b, check_clock($1)
    WHERE b.header IS NOT NULL AND b.ended_at < clock_timestamp() - $2::interval
    ORDER BY b.ended_at LIMIT 1 FOR UPDATE OF b SKIP LOCKED
"""
CLEAR = """
    UPDATE import_row SET original = NULL WHERE batch_id = $1 AND number IN (
        SELECT number FROM import_row WHERE batch_id = $1 AND original IS NOT NULL ORDER BY number LIMIT $2)
"""
FINISH = """
    UPDATE import_batch SET header = NULL, sheet = NULL, notes = '[]'
    WHERE id = $1 AND NOT EXISTS (SELECT FROM import_row WHERE batch_id = $1 AND original IS NOT NULL)
"""
ERASE = "UPDATE import_row SET original = NULL WHERE original IS NOT NULL AND (changes && $1 OR refers_to && $1)"
KEEP_KEYS = """
    INSERT INTO erased_import_key (key) SELECT DISTINCT unnest($1::uuid[])
    ON CONFLICT (key) DO UPDATE SET erased_at = excluded.erased_at
"""
CLEAR_ERASED = """
    UPDATE import_row SET original = NULL WHERE batch_id = $1 AND original IS NOT NULL AND outcome = 'failed'
        AND EXISTS (SELECT FROM erased_import_key WHERE key = ANY(changes || refers_to))
"""
DELETE_KEYS = "DELETE FROM erased_import_key USING check_clock($1) WHERE erased_at < clock_timestamp() - $2::interval"


async def clear_expired_cells(pool: Pool) -> bool:
    """Delete the cells of up to CLEARED_ROWS rows of one import. Return whether there was an expired import.

    Raises ClockError: a clock that is ahead would delete cells too early.
    """
    async with transaction(pool) as held:
        batch_id = await held.fetchval(EXPIRED, utc_now(), CELLS_RETENTION)
        if batch_id is None:
            return False
        await held.execute(CLEAR, batch_id, CLEARED_ROWS)
        await held.execute(FINISH, batch_id)
    structlog.get_logger().info("import.cells_expired", batch_id=str(batch_id))
    return True


async def erase_cells(held: Connection, keys: Collection[UUID]) -> None:
    """Delete the cells of all rows that name a customer by one of these ids, in the caller's transaction."""
    await held.execute(KEEP_KEYS, list(keys))
    await held.execute(ERASE, list(keys))


async def clear_erased_cells(pool: Pool, batch_id: UUID) -> None:
    """Delete the cells of the failed rows of an import that name an erased customer.

    To be called after its rows were committed: an erasure before saw none of them, one after it sees them all.
    """
    await pool.execute(CLEAR_ERASED, batch_id)


async def delete_expired_keys(pool: Pool) -> None:
    """Delete the ids of customers that were erased CELLS_RETENTION ago. Raises ClockError."""
    await pool.execute(DELETE_KEYS, utc_now(), CELLS_RETENTION)
