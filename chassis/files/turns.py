"""Gives each waiting file its turn: some rows of one, then some rows of the next.

Guarantees. A file is processed by one process at a time. A short file waits for one turn of each other file, however
long that is, and a long one gets its turn however many short ones arrive. A file with a row that changes, or refers to,
what a waiting row of an earlier file changes waits for the end of that file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.files.importer import RowResult
from chassis.postgres.database import Pool

LEASE_SECONDS = 15.0
# The status of rows about a customer that was erased, or merged into another one.
KEEPS_NO_CELLS = 410

# A lease that ends later than a new one would was given before the clock stepped back: it has expired too.
LEASE = """
    UPDATE import_batch SET status = 'running', leased_until = clock_timestamp() + make_interval(secs => $1)
    WHERE id = (SELECT b.id FROM import_batch b WHERE b.status IN ('pending', 'running')
                    AND b.leased_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + make_interval(secs => $1)
                    AND NOT EXISTS (SELECT FROM import_batch e
                                    WHERE e.id = ANY(b.waits_for) AND e.status IN ('pending', 'running'))
                ORDER BY b.served_at, b.id LIMIT 1 FOR UPDATE OF b SKIP LOCKED)
    RETURNING id, kind, created_by, created_at, waits_for IS NOT NULL AS is_placed
"""
EARLIER = """
    SELECT id FROM import_batch WHERE status IN ('pending', 'running') AND created_at < $1 AND id <> $2
    ORDER BY created_at
"""
CHANGES_WHAT_IS_NEEDED = """
    WITH earlier AS (SELECT unnest(changes) AS key FROM import_row WHERE batch_id = $1 AND outcome = 'waiting'),
        later AS (SELECT unnest(changes || refers_to) AS key FROM import_row WHERE batch_id = $2)
    SELECT EXISTS (SELECT FROM earlier JOIN later USING (key))
"""
PLACE = """
    UPDATE import_batch SET waits_for = $2::uuid[],
        leased_until = CASE WHEN $2 = '{}'::uuid[] THEN leased_until ELSE '-infinity' END,
        status = CASE WHEN $2 = '{}'::uuid[] THEN status ELSE 'pending' END
    WHERE id = $1
"""
# Another process may have recorded the same rows, if this one was slower than its lease.
END_TURN = """
    WITH recorded AS (
        UPDATE import_row r SET cells = '{}', outcome = n.outcome,
            status = n.status, subject = n.subject, problem = n.problem,
            original = CASE WHEN n.outcome = 'failed' AND n.status <> $7 THEN r.original END
        FROM unnest($2::integer[], $3::text[], $4::smallint[], $5::uuid[], $6::jsonb[])
            AS n(number, outcome, status, subject, problem)
        WHERE r.batch_id = $1 AND r.number = n.number AND r.outcome = 'waiting'
        RETURNING n.outcome
    ), changed AS (
        SELECT outcome, 1 AS rows FROM recorded UNION ALL SELECT 'waiting', -1 FROM recorded
        UNION ALL SELECT key, value::integer FROM jsonb_each_text((SELECT progress FROM import_batch WHERE id = $1))
    )
    UPDATE import_batch SET leased_until = '-infinity', served_at = clock_timestamp(), progress = (
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
    """A file whose rows this process may process until its lease ends."""

    batch_id: UUID
    kind: str
    created_by: str


class Turns:
    """Chooses the file that is next, and ends its turn."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def next(self) -> Turn | None:
        """Lease the file that has not been served for longest; None if no file can be processed now."""
        while batch := await self._pool.fetchrow(LEASE, LEASE_SECONDS):
            if batch["is_placed"] or await self._place(batch["id"], batch["created_at"]):
                return Turn(batch["id"], batch["kind"], batch["created_by"])
        return None

    async def end(self, turn: Turn, results: Sequence[RowResult]) -> None:
        """Record the results of the rows, and give way to the next file."""
        await self._pool.execute(
            END_TURN,
            turn.batch_id,
            [result.number for result in results],
            [result.outcome for result in results],
            [result.status for result in results],
            [result.subject for result in results],
            [result.problem for result in results],
            KEEPS_NO_CELLS,
        )

    async def finish(self, turn: Turn) -> None:
        """End the import of a file that has no waiting rows."""
        await self._pool.execute(FINISH, turn.batch_id)

    async def _place(self, batch_id: UUID, created_at: datetime) -> bool:
        """Find the earlier files that a file must wait for, once. Return whether there is none."""
        earlier = [row["id"] for row in await self._pool.fetch(EARLIER, created_at, batch_id)]
        waits_for = [each for each in earlier if await self._pool.fetchval(CHANGES_WHAT_IS_NEEDED, each, batch_id)]
        await self._pool.execute(PLACE, batch_id, waits_for)
        return not waits_for
