"""Finds companies by their present name, for imported rows."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from chassis.consume.positions import OWN_TOPIC
from chassis.postgres.database import Pool
from chassis.rules.comparison import name_key
from chassis.store.event_store import EventStore
from services.customer.projection import CONSUMER

LONGEST_WAIT_SECONDS = 10.0
POLL_SECONDS = 0.02
# Enough to name in a refusal.
MAX_NAMED = 5

# A duplicate's name leads to the customer that it was merged into.
NAMED = """
    SELECT customer_id, coalesce(merged_into, customer_id) AS present_id, numbers = '[]' AS is_unnumbered
    FROM customer WHERE name_keys[1] = $1 AND name_keys <> '{}' ORDER BY merged_into IS NOT NULL, customer_id LIMIT $2
"""
POSITION = "SELECT position FROM consumer_position WHERE consumer = $1 AND topic = $2"


@dataclass(frozen=True, slots=True)
class Company:
    """`present_id` is another one if the company was merged. `is_unnumbered`: it has no number in another system."""

    customer_id: UUID
    present_id: UUID
    is_unnumbered: bool


class CompanyNames:
    def __init__(self, pool: Pool, store: EventStore) -> None:
        self._pool = pool
        self._store = store

    async def named(self, name: str) -> list[Company]:
        """Return up to MAX_NAMED companies with this name, in any spelling of it."""
        return [Company(**row) for row in await self._pool.fetch(NAMED, name_key(name), MAX_NAMED)]

    async def catch_up(self) -> None:
        """Wait until the names hold every event that was recorded before this call, LONGEST_WAIT_SECONDS at most."""
        loop, head = asyncio.get_running_loop(), await self._store.head()
        give_up_at = loop.time() + LONGEST_WAIT_SECONDS
        while True:
            applied = await self._pool.fetchval(POSITION, CONSUMER, OWN_TOPIC) or 0
            if applied >= head or loop.time() > give_up_at:
                return
            await asyncio.sleep(POLL_SECONDS)
