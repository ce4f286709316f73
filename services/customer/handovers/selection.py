"""Selects the customers of a handover batch, and marks a leaving employee as left."""

from chassis.postgres.database import Pool
from services.customer.employees import Employees
from services.customer.projection.handover_batches import HandoverBatchRow

IS_SELECTED = "SELECT EXISTS (SELECT FROM handover_item WHERE batch_id = $1)"
# With the merged duplicates, which after an unmerge would belong to the former owner. They follow the customer that
# they were merged into.
SELECT_OWNED = """
    INSERT INTO handover_item (batch_id, customer_id, kind, to_owner_id)
    SELECT $1, c.customer_id, 'owned',
        ($2::text[])[1 + (dense_rank() OVER (ORDER BY coalesce(c.merged_into, c.customer_id)) - 1) % cardinality($2)]
    FROM customer c
    WHERE (c.owner_id = $3 OR ($3::text IS NULL AND c.owner_id IS NULL AND c.merged_into IS NULL))
      AND ($4::text IS NULL OR c.leader_id = $4)
      AND ($5::text IS NULL OR c.stage = $5)
      AND ($6::text IS NULL OR EXISTS (SELECT FROM jsonb_each_text(c.tiers) tier WHERE tier.value = $6))
      AND ($7::text IS NULL OR c.tags @> ARRAY[$7])
      AND ($8::text IS NULL OR c.region = $8)
    ON CONFLICT DO NOTHING
"""
SELECT_HELPED = """
    INSERT INTO handover_item (batch_id, customer_id, kind)
    SELECT $1, c.customer_id, 'helped' FROM customer c
    WHERE c.helper_ids @> ARRAY[$2] AND ($3::text IS NULL OR c.leader_id = $3)
    ON CONFLICT DO NOTHING
"""
SELECT_LED = """
    INSERT INTO handover_item (batch_id, customer_id, kind, to_owner_id)
    SELECT $1, c.customer_id, 'led', $3 FROM customer c
    WHERE c.leader_id = $2 AND ($4::text IS NULL OR c.leader_id = $4)
    ON CONFLICT DO NOTHING
"""
SELECT_NAMED = """
    INSERT INTO handover_item (batch_id, customer_id, kind, to_owner_id)
    SELECT $1, n.customer_id, 'owned', ($2::text[])[1 + (n.number - 1) % cardinality($2)]
    FROM unnest($3::uuid[]) WITH ORDINALITY AS n (customer_id, number)
    ON CONFLICT DO NOTHING
"""
# The employees whom the leaver led get the new leader, or none.
CHANGE_LEADER = "UPDATE employee SET leader_id = $2 WHERE leader_id = $1"
# The name of an employee who is not recorded is unknown: the id is used instead.
MARK_AS_LEFT = """
    INSERT INTO employee (employee_id, name, left_at) VALUES ($1, $1, $2)
    ON CONFLICT (employee_id) DO UPDATE SET left_at = coalesce(employee.left_at, excluded.left_at)
"""


class BatchSelection:
    """Selecting twice adds only customers that the first selection did not have."""

    def __init__(self, pool: Pool, employees: Employees) -> None:
        self._pool = pool
        self._employees = employees

    async def is_due(self, batch: HandoverBatchRow) -> bool:
        """Whether to select. A leaver may get customers after the first selection; other batches select once."""
        return batch.leaves or not await self._pool.fetchval(IS_SELECTED, batch.batch_id)

    async def select(self, batch: HandoverBatchRow) -> None:
        """Store the items of a batch. The list of customers is as recent as the batch, so none is missing."""
        to_owner_ids = list(batch.to_owner_ids)
        if batch.customer_ids:
            await self._pool.execute(SELECT_NAMED, batch.batch_id, to_owner_ids, list(batch.customer_ids))
            return
        filters = batch.led_by, batch.stage, batch.tier, batch.tag, batch.region
        await self._pool.execute(SELECT_OWNED, batch.batch_id, to_owner_ids, batch.from_owner_id, *filters)
        if batch.leaves:
            await self._pool.execute(SELECT_HELPED, batch.batch_id, batch.from_owner_id, batch.led_by)
            await self._pool.execute(MARK_AS_LEFT, batch.from_owner_id, batch.started_at)
            await self._select_led(batch, str(batch.from_owner_id))

    async def _select_led(self, batch: HandoverBatchRow, leaver_id: str) -> None:
        leader_id = batch.to_leader_id or await self._employees.leader_of(leaver_id)
        await self._pool.execute(SELECT_LED, batch.batch_id, leaver_id, leader_id, batch.led_by)
        if batch.led_by in {None, leaver_id}:
            await self._pool.execute(CHANGE_LEADER, leaver_id, leader_id)
