"""Reads who holds a customer."""

from uuid import UUID

from chassis.commands.holders import Holders
from chassis.postgres.database import Pool

# Every fact of a customer makes a row in `silence`, and every holder one in `customer_holders`.
HOLDERS = """
    SELECT h.owner_id, h.leader_id, h.helper_ids
    FROM (
        SELECT customer_id, merged_into FROM customer_holders WHERE customer_id = $1
        UNION ALL SELECT customer_id, NULL FROM silence WHERE customer_id = $1
        ORDER BY merged_into NULLS LAST LIMIT 1
    ) AS own LEFT JOIN customer_holders h ON h.customer_id = coalesce(own.merged_into, own.customer_id)
"""


async def holders_of(pool: Pool, customer_id: UUID) -> Holders | None:
    """Return the present owner, leader and helpers of a customer, or of the one it is merged into; None if unknown."""
    row = await pool.fetchrow(HOLDERS, customer_id)
    if row is None:
        return None
    return Holders(row["owner_id"], row["leader_id"], frozenset(row["helper_ids"] or ()))
