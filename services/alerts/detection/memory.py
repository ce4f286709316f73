"""Stores the engine's state, one row per customer, read under a lock and written in the transaction of the events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter

from chassis.kafka.client import partition_of
from chassis.postgres.database import Connection
from contracts.topics import PARTITIONS
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.findings import NEVER_DUE

STATE = TypeAdapter(CustomerState)
EMPTY = STATE.dump_json(CustomerState()).decode()

BEGIN = """
    INSERT INTO silence (customer_id, partition, state, next_due_at)
    SELECT *, $3, $4 FROM unnest($1::uuid[], $2::smallint[]) ON CONFLICT DO NOTHING
"""
LOAD = "SELECT customer_id, state, next_due_at FROM silence WHERE customer_id = ANY($1) ORDER BY customer_id FOR UPDATE"
# A customer is due once the wall clock and both feeds have passed the time (P5). A customer with parked events is
# incomplete, whatever the watermark says. Events of duplicates arrive on other partitions. The bound over all
# partitions lets PostgreSQL use the index.
DUE = """
    WITH complete AS (
        SELECT partition, min(watermark) AS until FROM consumer_position
        WHERE consumer = $1 AND topic = ANY($2) GROUP BY partition HAVING count(*) = cardinality($2)
    )
    SELECT s.customer_id, s.state, s.next_due_at,
        least(CASE WHEN s.absorbs THEN (SELECT min(until) FROM complete) ELSE c.until END, $3) AS instant
    FROM silence s JOIN complete c ON c.partition = s.partition
    WHERE s.next_due_at <= (SELECT least(max(until), $3) FROM complete) AND s.next_due_at <= least(c.until, $3)
        AND (NOT s.absorbs OR s.next_due_at <= (SELECT min(until) FROM complete))
        AND NOT EXISTS (SELECT FROM parked_event p WHERE p.consumer = $1 AND p.subject = s.customer_id)
    ORDER BY s.next_due_at LIMIT $4 FOR UPDATE OF s SKIP LOCKED
"""
SAVE = """
    UPDATE silence s SET state = n.state, next_due_at = n.next_due_at, absorbs = n.absorbs
    FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::boolean[]) AS n(customer_id, state, next_due_at, absorbs)
    WHERE s.customer_id = n.customer_id
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """One customer's state, and a lower bound of the time of its next evaluation."""

    state: CustomerState
    next_due_at: datetime


async def load(held: Connection, customer_ids: Iterable[UUID]) -> dict[UUID, Memory]:
    """Return the memory of each customer, locked in id order to avoid deadlocks. New customers start empty."""
    ordered = sorted(set(customer_ids))
    if not ordered:
        return {}
    partitions = [partition_of(str(customer_id).encode(), PARTITIONS) for customer_id in ordered]
    await held.execute(BEGIN, ordered, partitions, EMPTY, NEVER_DUE)
    return {row["customer_id"]: memory_of(dict(row)) for row in await held.fetch(LOAD, ordered)}


async def due(
    held: Connection, consumer: str, topics: list[str], now: datetime, limit: int
) -> dict[UUID, tuple[Memory, datetime]]:
    """Return customers that are due, locked, each with the instant up to which its facts are complete."""
    rows = await held.fetch(DUE, consumer, topics, now, limit)
    return {row["customer_id"]: (memory_of(dict(row)), row["instant"]) for row in rows}


async def save(held: Connection, memories: Mapping[UUID, Memory]) -> None:
    await held.execute(
        SAVE,
        list(memories),
        [STATE.dump_json(kept.state, exclude_defaults=True).decode() for kept in memories.values()],
        [kept.next_due_at for kept in memories.values()],
        [bool(kept.state.facts.absorbed) for kept in memories.values()],
    )


def memory_of(row: Mapping[str, object]) -> Memory:
    next_due_at = row["next_due_at"]
    if not isinstance(next_due_at, datetime):
        raise TypeError("next_due_at is not a time")
    return Memory(STATE.validate_json(str(row["state"])), next_due_at)
