"""One snapshot of the read model for a whole response: figures and their lists come from the same state."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from chassis.postgres.database import Connection, Pool, connection
from contracts.topics import ALERT_EVENTS, CUSTOMER_EVENTS, FOLLOWUP_EVENTS

PARTITIONS = sum(topic.partitions for topic in (CUSTOMER_EVENTS, FOLLOWUP_EVENTS, ALERT_EVENTS))
# A partition that was never read has no row.
FRESHNESS = """
    SELECT nullif(min(watermark), 'epoch') FROM consumer_position WHERE consumer = 'reporting'
    HAVING count(*) >= $1
"""


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Connection]:
    async with connection(pool) as held, held.transaction(isolation="repeatable_read", readonly=True):
        # Conditions are optional, and a caller may see few rows or all.
        await held.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        yield held


async def complete_until(held: Connection) -> datetime | None:
    """Return the instant before which no recorded event is missing from the read model, if it is known."""
    found: datetime | None = await held.fetchval(FRESHNESS, PARTITIONS)
    return found
