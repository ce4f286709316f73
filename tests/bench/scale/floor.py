"""The floor of timers: the minimal SQL that reads and updates the same rows, on a copy of their table."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import perf_counter
from uuid import UUID

from chassis.postgres.database import Connection, Pool, transaction
from services.alerts.detection.detector import DUE_BATCH

LATER = timedelta(days=30)
COPY = """
    CREATE TABLE floor_silence (LIKE silence INCLUDING ALL) WITH (fillfactor = 80);
    INSERT INTO floor_silence SELECT * FROM silence;
    GRANT SELECT, UPDATE ON floor_silence TO care_app
"""
DUE = """
    SELECT customer_id, rest, next_due_at FROM floor_silence WHERE next_due_at <= $1
    ORDER BY next_due_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
LOAD = "SELECT customer_id, rest FROM floor_silence WHERE customer_id = ANY($1) ORDER BY customer_id FOR UPDATE"
MOVE = """
    UPDATE floor_silence f SET rest = n.rest, next_due_at = n.next_due_at
    FROM unnest($1::uuid[], $2::bytea[], $3::timestamptz[]) AS n(customer_id, rest, next_due_at)
    WHERE f.customer_id = n.customer_id
"""
TOUCH = """
    UPDATE floor_silence f SET rest = n.rest FROM unnest($1::uuid[], $2::bytea[]) AS n(customer_id, rest)
    WHERE f.customer_id = n.customer_id
"""


async def copy(owner: Connection) -> None:
    """Make the copy, and let both tables be as they are when autovacuum has seen them."""
    await owner.execute(COPY)
    await owner.execute("VACUUM ANALYZE silence")
    await owner.execute("VACUUM ANALYZE floor_silence")


async def look(pool: Pool, now: datetime) -> int:
    """Read what is due and move it out of the way, one batch; returns how much there was."""
    async with transaction(pool) as held:
        rows = await held.fetch(DUE, now, DUE_BATCH)
        if rows:
            columns = [[row[name] for row in rows] for name in ("customer_id", "rest")]
            await held.execute(MOVE, *columns, [now + LATER] * len(rows))
    return len(rows)


async def moved_per_second(pool: Pool, now: datetime, due: int) -> float:
    moved, started_at = 0, perf_counter()
    while found := await look(pool, now):
        moved += found
    if moved != due:
        raise AssertionError(f"{moved} rows were due, it should be {due}")
    return moved / (perf_counter() - started_at)


async def touched_per_second(pool: Pool, ids: Sequence[UUID]) -> float:
    """Read and rewrite these rows, leaving alone the time that is indexed."""
    started_at = perf_counter()
    for first in range(0, len(ids), DUE_BATCH):
        async with transaction(pool) as held:
            rows = await held.fetch(LOAD, ids[first : first + DUE_BATCH])
            await held.execute(TOUCH, [row["customer_id"] for row in rows], [row["rest"] for row in rows])
    return len(ids) / (perf_counter() - started_at)
