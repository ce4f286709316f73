"""Which customers were merged at an instant, from the fact log."""

from dataclasses import dataclass
from uuid import UUID

from chassis.http.as_of import AsOf
from chassis.postgres.database import Pool

# The last merge or release of a customer, in the order in which they occurred; into which customer it merged, if any.
MERGED_AT = """
    SELECT customer_id,
        CASE WHEN type = 'care.customer.merged.v1' THEN (data ->> 'into_customer_id')::uuid END AS into_id
    FROM fact
    WHERE {which} AND type IN ('care.customer.merged.v1', 'care.customer.unmerged.v1')
        AND ($2::timestamptz IS NULL OR occurred_at <= $2) AND ($3::timestamptz IS NULL OR recorded_at <= $3)
    ORDER BY CASE WHEN $2 IS NOT NULL THEN occurred_at END DESC, position DESC LIMIT 1
"""
INTO = MERGED_AT.format(which="customer_id = $1")
DUPLICATES = f"""
    SELECT merged.customer_id
    FROM (SELECT DISTINCT customer_id FROM fact
        WHERE type = 'care.customer.merged.v1' AND (data ->> 'into_customer_id')::uuid = $1) AS ever
    CROSS JOIN LATERAL ({MERGED_AT.format(which="fact.customer_id = ever.customer_id")}) AS merged
    WHERE merged.into_id = $1
"""  # noqa: S608 - fixed text


@dataclass(frozen=True, slots=True)
class MergesAt:
    """The merges at an instant, as they were known at another one."""

    pool: Pool
    as_of: AsOf

    async def survivor(self, customer_id: UUID) -> UUID | None:
        """Return the customer that this one was merged into."""
        row = await self.pool.fetchrow(INTO, customer_id, self.as_of.occurred_by, self.as_of.recorded_by)
        return row["into_id"] if row else None

    async def ids(self, customer_id: UUID) -> list[UUID]:
        """Return the ids of a customer and of its duplicates."""
        rows = await self.pool.fetch(DUPLICATES, customer_id, self.as_of.occurred_by, self.as_of.recorded_by)
        return [customer_id, *(row["customer_id"] for row in rows)]
