"""The positions of consumers, stored in the database of their effects, so that both commit together (P4)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from chassis.postgres.database import Connection, Pool

# The name of the own store as a topic.
OWN_TOPIC = "own"
# Not PostgreSQL's -infinity: asyncpg reads that as a time without a zone.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

BEGIN = """
    INSERT INTO consumer_position (consumer, topic, partition, position, watermark)
    VALUES ($1, $2, $3, 0, 'epoch') ON CONFLICT DO NOTHING
"""
READ = "SELECT position, watermark FROM consumer_position WHERE consumer = $1 AND topic = $2 AND partition = $3"
# One statement for both, because the transaction stays open during each round trip.
MOVE = """
    WITH moved AS (
        UPDATE consumer_position p SET position = n.position, watermark = greatest(p.watermark, n.watermark)
        FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::timestamptz[])
            AS n(topic, partition, expected, position, watermark)
        WHERE p.consumer = $1 AND p.topic = n.topic AND p.partition = n.partition AND p.position = n.expected
        RETURNING p.position
    )
    SELECT (SELECT count(*) FROM moved) AS moved,
        ARRAY(SELECT DISTINCT subject FROM parked_event WHERE consumer = $1 AND subject = ANY($7)) AS parked
"""


class PositionMovedError(Exception):
    """Another consumer has moved the position of this partition: the transaction of this one must be rolled back."""


@dataclass(frozen=True, slots=True)
class Source:
    """One partition of a topic. The own store counts as a topic with one partition."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Progress:
    """All events up to `position` are applied; among them are all events recorded before `watermark`."""

    position: int
    watermark: datetime


@dataclass(frozen=True, slots=True)
class Positions:
    """The positions of one consumer."""

    consumer: str

    async def load(self, pool: Pool, source: Source) -> Progress:
        await pool.execute(BEGIN, self.consumer, source.topic, source.partition)
        row = await pool.fetchrow(READ, self.consumer, source.topic, source.partition)
        if row is None:
            raise LookupError(f"{self.consumer} has no position for {source}")
        # The driver returns '-infinity' as a datetime without a zone.
        return Progress(row["position"], row["watermark"].replace(tzinfo=UTC))

    async def move(
        self, held: Connection, moves: Mapping[Source, tuple[int, Progress]], customers: Collection[UUID] = ()
    ) -> set[UUID]:
        """Move each source from its expected position. Raises PositionMovedError if one is at another position.

        Return which of `customers` have parked events: their new events must be parked too.
        """
        sources: Sequence[Source] = sorted(moves, key=lambda source: (source.topic, source.partition))
        row = await held.fetchrow(
            MOVE,
            self.consumer,
            [source.topic for source in sources],
            [source.partition for source in sources],
            [moves[source][0] for source in sources],
            [moves[source][1].position for source in sources],
            [moves[source][1].watermark for source in sources],
            customers,
        )
        if row is None or row["moved"] != len(moves):
            raise PositionMovedError(f"{self.consumer}: {row and row['moved']} of {len(moves)}")
        return set(row["parked"])
