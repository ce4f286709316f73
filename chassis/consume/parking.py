"""Events set aside: a poison event holds back its own customer, in order, and nobody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.consume.positions import Source
from chassis.kafka.cloudevents import read_headers
from chassis.kafka.records import encode
from chassis.postgres.database import Connection, Pool
from contracts.event import Envelope

UNKNOWN_CUSTOMER = UUID(int=0)
MAX_REASON = 500

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
    WHERE consumer = $1 AND subject = $2 ORDER BY topic, position FOR UPDATE
"""
RELEASE = """
    DELETE FROM parked_event WHERE consumer = $1
        AND (topic, partition, position) IN (SELECT * FROM unnest($2::text[], $3::integer[], $4::bigint[]))
"""
DISCARD = "DELETE FROM parked_event WHERE consumer = $1 AND subject = $2 AND ($3::bigint IS NULL OR position = $3)"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record as it came in. `envelope` is None where it could not be decoded; `problem` says why."""

    source: Source
    position: int
    previous: int
    subject: UUID
    headers: dict[str, str]
    value: bytes | None
    envelope: Envelope[Any] | None
    problem: str | None = None


def stored_form(delivery: Delivery) -> tuple[dict[str, str], bytes | None]:
    """Return headers and value to replay from. Our own store's events come without; they get those of the topic."""
    headers, value = delivery.headers, delivery.value
    if not headers and delivery.envelope:
        _, value, pairs = encode(delivery.envelope, source=delivery.source.topic, previous_position=delivery.previous)
        headers = read_headers(pairs)
    # PostgreSQL keeps no NUL in a text.
    return {name.replace("\0", "�"): text.replace("\0", "�") for name, text in headers.items()}, value


@dataclass(frozen=True, slots=True)
class Parking:
    """The events that one consumer has set aside."""

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
                    *stored_form(delivery),
                    (delivery.problem or reason)[:MAX_REASON],
                )
                for delivery in deliveries
            ],
        )

    async def summary(self, pool: Pool) -> list[dict[str, Any]]:
        return [dict(row) for row in await pool.fetch(SUMMARY, self.consumer)]

    async def of_customer(self, held: Connection, subject: UUID) -> list[dict[str, Any]]:
        """Return a customer's parked records, locked, in the order in which they came."""
        rows = await held.fetch(OF_SUBJECT, self.consumer, subject)
        return [dict(row) for row in rows]

    async def release(self, held: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Let go of these records and no others: they have been applied."""
        places = [[row[name] for row in rows] for name in ("topic", "partition", "position")]
        await held.execute(RELEASE, self.consumer, *places)

    async def discard(self, held: Connection, subject: UUID, position: int | None = None) -> int:
        """Throw a customer's parked records away, or only the one at `position`; return how many there were."""
        done = await held.execute(DISCARD, self.consumer, subject, position)
        return int(done.rsplit(" ", 1)[1])
