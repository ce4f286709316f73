"""Reads the memory of one customer without locks, and up to when its facts are complete."""

from typing import Final
from uuid import UUID

from chassis.postgres.database import Pool, connection
from services.alerts.detection.detector import CONSUMER, FEEDS
from services.alerts.detection.memory import ALL_ITEMS, memories_of
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.explanation import Completeness

# The same conditions under which alerts are raised (`memory.DUE`). A partition that was never read is not complete.
READ: Final = """
    WITH complete AS (
        SELECT partition, nullif(min(watermark), '-infinity') AS until FROM consumer_position
        WHERE consumer = $2 AND topic = ANY($3) GROUP BY partition HAVING count(*) = cardinality($3)
    )
    SELECT s.customer_id, s.rest, s.next_due_at, s.rest_due_at, s.judged_until,
        CASE WHEN s.absorbs THEN (SELECT min(until) FROM complete)
            ELSE (SELECT until FROM complete c WHERE c.partition = s.partition) END AS complete_until,
        EXISTS (SELECT FROM parked_event p WHERE p.consumer = $2 AND p.subject = s.customer_id) AS has_parked_events
    FROM silence s WHERE s.customer_id = $1
"""


async def read_state(pool: Pool, customer_id: UUID) -> tuple[CustomerState, Completeness]:
    """Return what is known of a customer now. Of an unknown one, nothing is."""
    async with connection(pool) as held, held.transaction(isolation="repeatable_read", readonly=True):
        rows = await held.fetch(READ, customer_id, CONSUMER, FEEDS)
        memories = memories_of(rows, await held.fetch(ALL_ITEMS, [customer_id]))
    if not rows:
        return CustomerState(), Completeness(None)
    completeness = Completeness(rows[0]["complete_until"], rows[0]["has_parked_events"])
    return memories[customer_id].state, completeness
