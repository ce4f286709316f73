"""Selects the customers of a handover batch, and marks a leaving employee as left."""

from chassis.commands.command import Context
from chassis.postgres.database import Pool
from services.customer.commands.employee import ReplaceLeader
from services.customer.employees import Employees
from services.customer.leaders.statement import LeaderStatements
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
LED_EMPLOYEES = "SELECT employee_id FROM employee WHERE leader_id = $1 ORDER BY employee_id"
# The name of an employee who is not recorded is unknown: the id is used instead.
MARK_AS_LEFT = """
    INSERT INTO employee (employee_id, name, left_at) VALUES ($1, $1, $2)
    ON CONFLICT (employee_id) DO UPDATE SET left_at = coalesce(employee.left_at, excluded.left_at)
"""


class BatchSelection:
    """Selecting twice adds only customers that the first selection did not have."""

    def __init__(self, pool: Pool, employees: Employees, leaders: LeaderStatements) -> None:
        self._pool = pool
        self._employees = employees
        self._leaders = leaders

    async def is_due(self, batch: HandoverBatchRow) -> bool:
        """Whether to select. A leaver may get customers after the first selection; other batches select once."""
        return batch.leaves or not await self._pool.fetchval(IS_SELECTED, batch.batch_id)

    async def select(self, batch: HandoverBatchRow, context: Context) -> None:
        """Store the items of a batch, and replace a leader who leaves.

        The list of customers is as recent as the batch, so none is missing.
        """
        to_owner_ids = list(batch.to_owner_ids)
        if batch.customer_ids:
            await self._pool.execute(SELECT_NAMED, batch.batch_id, to_owner_ids, list(batch.customer_ids))
            return
        filters = batch.led_by, batch.stage, batch.tier, batch.tag, batch.region
        await self._pool.execute(SELECT_OWNED, batch.batch_id, to_owner_ids, batch.from_owner_id, *filters)
        if batch.leaves:
            await self._pool.execute(SELECT_HELPED, batch.batch_id, batch.from_owner_id, batch.led_by)
            await self._pool.execute(MARK_AS_LEFT, batch.from_owner_id, batch.started_at)
            await self._select_led(batch, str(batch.from_owner_id), context)

    async def _select_led(self, batch: HandoverBatchRow, leaver_id: str, context: Context) -> None:
        leader_id = batch.to_leader_id or await self._employees.leader_of(leaver_id)
        await self._pool.execute(SELECT_LED, batch.batch_id, leaver_id, leader_id, batch.led_by)
        if batch.led_by in {None, leaver_id}:
            await self._replace_leader(leaver_id, leader_id, context)

    async def _replace_leader(self, leaver_id: str, leader_id: str | None, context: Context) -> None:
        """Give the employees whom the leaver led the new leader, or none.

        It is published like any other change, so a customer that gets the leaver as leader by a late command follows.
        """
        for (employee_id,) in await self._pool.fetch(LED_EMPLOYEES, leaver_id):
            command = ReplaceLeader(employee_id=employee_id, from_leader_id=leaver_id, leader_id=leader_id)
            await self._leaders.state(command, context._replace(key=f"{context.key}|{employee_id}"))
