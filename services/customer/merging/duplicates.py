"""Finds likely duplicates: compares new and changed customers with all others, in batches."""

from uuid import UUID

from chassis.postgres.database import Pool, transaction
from services.customer.merging.likeness import Reason, reasons, score

BATCH = 100
# A shared phone number, such as a switchboard's, matches many customers; a few of them are enough.
MAX_ALIKE = 20
WAITING = """
    SELECT customer_id FROM customer_likeness WHERE NOT is_looked
    ORDER BY customer_id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
# The planner expects a sequential scan to find a match early, but most customers have none.
BY_INDEX = """
    SELECT set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)
"""
ALIKE = """
    SELECT l.customer_id AS one, o.customer_id AS other,
        ARRAY(SELECT unnest(l.tokens) INTERSECT SELECT unnest(o.tokens)) AS shared
    FROM customer_likeness l CROSS JOIN LATERAL (
        SELECT customer_id, tokens FROM customer_likeness
        WHERE tokens && l.tokens AND customer_id <> l.customer_id LIMIT $2
    ) o WHERE l.customer_id = ANY($1)
"""
CLEAR = """
    UPDATE duplicate_pair p SET reasons = '{}', score = 0 FROM customer_likeness a, customer_likeness b
    WHERE (p.low_id = ANY($1) OR p.high_id = ANY($1)) AND p.score > 0
      AND a.customer_id = p.low_id AND b.customer_id = p.high_id AND NOT a.tokens && b.tokens
"""
SAVE = """
    INSERT INTO duplicate_pair (low_id, high_id, reasons, score)
    SELECT low_id, high_id, reasons::text[], score
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[]) AS t (low_id, high_id, reasons, score)
    ON CONFLICT (low_id, high_id) DO UPDATE SET reasons = excluded.reasons, score = excluded.score
"""
MARK_COMPARED = "UPDATE customer_likeness SET is_looked = true WHERE customer_id = ANY($1)"


class DuplicateFinder:
    """A timer calls `run_due`. The pairs and the mark that a customer was compared commit together."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def run_due(self) -> int:
        """Compare the next batch of customers; return its size."""
        async with transaction(self._pool) as held:
            compared = [row["customer_id"] for row in await held.fetch(WAITING, BATCH)]
            if not compared:
                return 0
            await held.execute(BY_INDEX)
            pairs: dict[tuple[UUID, UUID], list[Reason]] = {}
            for row in await held.fetch(ALIKE, compared, MAX_ALIKE):
                low, high = sorted((row["one"], row["other"]))
                pairs[low, high] = reasons(row["shared"])
            await held.execute(CLEAR, compared)
            ordered = sorted(pairs.items())
            await held.execute(
                SAVE,
                [low for (low, _), _ in ordered],
                [high for (_, high), _ in ordered],
                [f"{{{','.join(because)}}}" for _, because in ordered],
                [score(because) for _, because in ordered],
            )
            await held.execute(MARK_COMPARED, compared)
        return len(compared)
