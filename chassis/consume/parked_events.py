"""Parked events (dead letters): a poison event parks the later events of its customer, and no others (P4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.consume.delivery import Delivery
from chassis.consume.positions import Source
from chassis.postgres.database import Connection, Pool

MAX_REASON = 500
Place = tuple[Source, int]

PARK = """
    INSERT INTO parked_event (consumer, topic, partition, position, subject, headers, value, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""
SUMMARY = """
    SELECT subject, count(*) AS events, min(parked_at) AS since,
        (array_agg(position ORDER BY parked_at, position))[1] AS first_position,
        (array_agg(reason ORDER BY parked_at, position))[1] AS reason
    FROM parked_event WHERE consumer = $1 GROUP BY subject ORDER BY since
"""
OF_SUBJECT = """
    SELECT topic, partition, position, headers, value, reason FROM parked_event
    WHERE consumer = $1 AND subject = $2 ORDER BY topic, position LIMIT $3 FOR UPDATE
"""
RELEASE = """
    DELETE FROM parked_event WHERE consumer = $1
        AND (topic, partition, position) IN (SELECT * FROM unnest($2::text[], $3::integer[], $4::bigint[]))
"""
DISCARD = """
    WITH discarded AS (
        DELETE FROM parked_event WHERE consumer = $1 AND subject = $2 AND ($3::bigint IS NULL OR position = $3)
        RETURNING consumer, topic, partition, position
    ), remembered AS (
        INSERT INTO discarded_event SELECT * FROM discarded ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM discarded
"""
DISCARDED = "SELECT topic, partition, position FROM discarded_event WHERE consumer = $1"


def stored_headers(delivery: Delivery) -> dict[str, str]:
    """Return the headers without NUL, which PostgreSQL text cannot contain."""
    return {name.replace("\0", "�"): text.replace("\0", "�") for name, text in delivery.headers.items()}


@dataclass(frozen=True, slots=True)
class ParkedEvents:
    """The parked events of one consumer."""

    consumer: str

    async def park(self, held: Connection, deliveries: Sequence[Delivery], reason: str) -> None:
        await held.executemany(
            PARK,
            [
                (
                    self.consumer,
                    delivery.source.topic,
                    delivery.source.partition,
                    delivery.position,
                    delivery.subject,
                    stored_headers(delivery),
                    delivery.value,
                    (delivery.problem or reason)[:MAX_REASON],
                )
                for delivery in deliveries
            ],
        )

    async def summary(self, pool: Pool) -> list[dict[str, Any]]:
        return [dict(row) for row in await pool.fetch(SUMMARY, self.consumer)]

    async def of_customer(self, held: Connection, subject: UUID, limit: int | None = None) -> list[dict[str, Any]]:
        """Lock and return the parked records of a customer, or the first ones, in the order of their positions."""
        rows = await held.fetch(OF_SUBJECT, self.consumer, subject, limit)
        return [dict(row) for row in rows]

    async def release(self, held: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Delete exactly these records, which have been applied."""
        keys = [[row[name] for row in rows] for name in ("topic", "partition", "position")]
        await held.execute(RELEASE, self.consumer, *keys)

    async def discard(self, held: Connection, subject: UUID, position: int | None = None) -> int:
        """Delete the parked records of a customer, or only the one at `position`. Return how many were deleted.

        A rebuild does not park them again.
        """
        count: int = await held.fetchval(DISCARD, self.consumer, subject, position)
        return count

    async def discarded(self, held: Connection) -> frozenset[Place]:
        """Return the places of all discarded records."""
        rows = await held.fetch(DISCARDED, self.consumer)
        return frozenset((Source(row["topic"], row["partition"]), row["position"]) for row in rows)
