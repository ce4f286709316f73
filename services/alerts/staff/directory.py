"""Who has left the company, and who holds a customer."""

from collections.abc import Sequence
from uuid import UUID

from chassis.commands.holders import Holders
from chassis.postgres.database import Pool
from contracts.cloudevents import type_of
from contracts.customer import EmployeeLeft, EmployeeReturned

LEFT, RETURNED = type_of(EmployeeLeft), type_of(EmployeeReturned)
# At the same instant, the return counts, as in followup.
LEAVERS = f"""
    SELECT employee_id FROM (
        SELECT DISTINCT ON (data ->> 'employee_id') data ->> 'employee_id' AS employee_id, type FROM fact
        WHERE data ->> 'employee_id' = ANY($1) AND type IN ('{LEFT}', '{RETURNED}')
        ORDER BY data ->> 'employee_id', occurred_at DESC, type DESC
    ) AS latest WHERE type = '{LEFT}' ORDER BY employee_id
"""  # noqa: S608
# The holders of a duplicate are those of the customer that it was merged into.
HOLDERS = """
    SELECT h.owner_id, h.leader_id, h.helper_ids FROM customer_holders own
    JOIN customer_holders h ON h.customer_id = coalesce(own.merged_into, own.customer_id) WHERE own.customer_id = $1
"""
IDS = "SELECT customer_id FROM customer_holders WHERE merged_into = $1 ORDER BY customer_id"


class Directory:
    """Reads the fact log and the holders, which the consumer writes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def leavers(self, employee_ids: Sequence[str]) -> list[str]:
        """Return those employees who have left the company."""
        return [row["employee_id"] for row in await self._pool.fetch(LEAVERS, list(employee_ids))]

    async def holders(self, customer_id: UUID) -> Holders:
        """Return owner, leader and helpers of the customer; nobody if it has none."""
        row = await self._pool.fetchrow(HOLDERS, customer_id)
        if row is None:
            return Holders()
        return Holders(row["owner_id"], row["leader_id"], frozenset(row["helper_ids"]))

    async def ids_of(self, customer_id: UUID) -> list[UUID]:
        """Return the ids of the customer and of its duplicates."""
        return [customer_id, *(row["customer_id"] for row in await self._pool.fetch(IDS, customer_id))]
