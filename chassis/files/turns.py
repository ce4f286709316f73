"""Gives each waiting file its turn: some rows of one, then some rows of the next.

Guarantees. A file is processed by one process at a time. A short file waits for one turn of each other file, however
long that is, and a long one gets its turn however many short ones arrive. A file with a row that changes, or refers to,
what a waiting row of an earlier file changes waits for the end of that file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import structlog
from asyncpg.exceptions import QueryCanceledError

from chassis.files.importer import RowResult
from chassis.postgres.database import Pool, transaction

LEASE_SECONDS = 15.0
# The status of rows about a customer that was erased, or merged into another one.
KEEPS_NO_CELLS = 410

# A lease that ends later than a new one would was given before the clock stepped back: it has expired too.
LEASE = """
    WITH next AS (
        SELECT b.id, b.served_by IS DISTINCT FROM $2 AS was_elsewhere FROM import_batch b
        WHERE b.status IN ('pending', 'running')
            AND b.leased_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + make_interval(secs => $1)
            AND NOT EXISTS (SELECT FROM import_batch e
                            WHERE e.id = ANY(b.waits_for) AND e.status IN ('pending', 'running'))
        ORDER BY b.served LIMIT 1 FOR UPDATE OF b SKIP LOCKED
    )
    UPDATE import_batch b SET status = 'running', turn = turn + 1, served_by = $2,
        leased_until = clock_timestamp() + make_interval(secs => $1)
    FROM next WHERE b.id = next.id
    RETURNING b.id, b.turn, b.kind, b.created_by, b.arrived, b.waits_for IS NOT NULL AS is_placed, next.was_elsewhere
"""
EARLIER = "SELECT id FROM import_batch WHERE status IN ('pending', 'running') AND arrived < $1 ORDER BY arrived"
# Both sides are sorted or hashed once. A join would compare each key of one file with each of the other.
CHANGES_WHAT_IS_NEEDED = """
    SELECT EXISTS (
        SELECT unnest(changes) FROM import_row WHERE batch_id = $1 AND outcome = 'waiting'
        INTERSECT SELECT unnest(changes || refers_to) FROM import_row WHERE batch_id = $2)
"""
PLACE = """
    UPDATE import_batch SET waits_for = $3::uuid[],
        leased_until = CASE WHEN $3 = '{}'::uuid[] THEN leased_until ELSE '-infinity' END,
        status = CASE WHEN $3 = '{}'::uuid[] THEN status ELSE 'pending' END
    WHERE id = $1 AND turn = $2 AND status = 'running'
"""
# Turns of two processes overlap if one was slower than its lease: each counts what the other has recorded.
LOCK = "SELECT FROM import_batch WHERE id = $1 FOR UPDATE"
COUNT_ATTEMPTS = """
    UPDATE import_row SET attempts = attempts + 1 WHERE batch_id = $1 AND number = ANY($2) AND outcome = 'waiting'
"""
# Another process may have recorded the same rows, if this one was slower than its lease.
END_TURN = """
    WITH recorded AS (
        UPDATE import_row r SET cells = '{}', outcome = n.outcome,
            status = n.status, subject = n.subject, problem = n.problem,
            original = CASE WHEN n.outcome = 'failed' AND n.status <> $7 AND NOT EXISTS (
                SELECT FROM erased_import_key WHERE key = ANY(r.changes || r.refers_to)) THEN r.original END
        FROM unnest($2::integer[], $3::text[], $4::smallint[], $5::uuid[], $6::jsonb[])
            AS n(number, outcome, status, subject, problem)
        WHERE r.batch_id = $1 AND r.number = n.number AND r.outcome = 'waiting'
        RETURNING n.outcome
    ), changed AS (
        SELECT outcome, 1 AS rows FROM recorded UNION ALL SELECT 'waiting', -1 FROM recorded
        UNION ALL SELECT key, value::integer FROM jsonb_each_text((SELECT progress FROM import_batch WHERE id = $1))
    )
    UPDATE import_batch SET leased_until = CASE WHEN turn = $8 THEN '-infinity' ELSE leased_until END,
        served = nextval('import_order'), progress = (
        SELECT jsonb_object_agg(outcome, rows)
        FROM (SELECT outcome, sum(rows) AS rows FROM changed GROUP BY outcome HAVING sum(rows) > 0) AS o
    )
    WHERE id = $1
"""
FINISH = """
    UPDATE import_batch SET status = 'succeeded', ended_at = clock_timestamp(), progress = (
        SELECT coalesce(jsonb_object_agg(o.outcome, o.rows), '{}')
        FROM (SELECT outcome, count(*) AS rows FROM import_row WHERE batch_id = $1 GROUP BY outcome) AS o
    )
    WHERE id = $1 AND status = 'running' AND NOT EXISTS (
        SELECT FROM import_row WHERE batch_id = $1 AND outcome = 'waiting')
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A file whose rows this process may process until its lease ends.

    `number` counts the leases of the file. `was_elsewhere`: its last turn, if any, was that of another process.
    """

    batch_id: UUID
    number: int
    kind: str
    created_by: str
    was_elsewhere: bool


class Turns:
    """Chooses the file that is next, and ends its turn."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._process = uuid4()

    async def next(self) -> Turn | None:
        """Lease the file that has not been served for longest; None if no file can be processed now."""
        while batch := await self._pool.fetchrow(LEASE, LEASE_SECONDS, self._process):
            turn = Turn(batch["id"], batch["turn"], batch["kind"], batch["created_by"], batch["was_elsewhere"])
            if batch["is_placed"] or await self._place(turn, batch["arrived"]):
                return turn
        return None

    async def end(self, turn: Turn, results: Sequence[RowResult], counted: Sequence[int] = ()) -> None:
        """Record the results of the rows, count an attempt of the `counted` ones, and give way to the next file."""
        async with transaction(self._pool) as held:
            await held.execute(LOCK, turn.batch_id)
            if counted:
                await held.execute(COUNT_ATTEMPTS, turn.batch_id, counted)
            await held.execute(
                END_TURN,
                turn.batch_id,
                [result.number for result in results],
                [result.outcome for result in results],
                [result.status for result in results],
                [result.subject for result in results],
                [result.problem for result in results],
                KEEPS_NO_CELLS,
                turn.number,
            )

    async def finish(self, turn: Turn) -> None:
        """End the import of a file that has no waiting rows."""
        await self._pool.execute(FINISH, turn.batch_id)

    async def _place(self, turn: Turn, arrived: int) -> bool:
        """Find the earlier files that a file must wait for, once. Return whether there is none.

        If this takes too long, the file is tried again after its lease, and the others get their turns meanwhile.
        """
        try:
            waits_for = [
                earlier
                for (earlier,) in await self._pool.fetch(EARLIER, arrived)
                if await self._pool.fetchval(CHANGES_WHAT_IS_NEEDED, earlier, turn.batch_id)
            ]
        except (TimeoutError, QueryCanceledError):
            structlog.get_logger().warning("import.not_placed", batch_id=str(turn.batch_id))
            return False
        await self._pool.execute(PLACE, turn.batch_id, turn.number, waits_for)
        return not waits_for
