"""The positions of consumers, stored in the database of their effects, so that both commit together (P4)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
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
READ = """
    SELECT position, watermark, epoch, event_id FROM consumer_position
    WHERE consumer = $1 AND topic = $2 AND partition = $3
"""
# One statement for both, because the transaction stays open during each round trip.
MOVE = """
    WITH moved AS (
        UPDATE consumer_position p SET position = n.position, watermark = greatest(p.watermark, n.watermark),
            epoch = coalesce(n.epoch, p.epoch),
            event_id = CASE WHEN n.position = n.expected THEN coalesce(n.event_id, p.event_id) ELSE n.event_id END
        FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::timestamptz[], $8::uuid[], $9::uuid[])
            AS n(topic, partition, expected, position, watermark, epoch, event_id)
        WHERE p.consumer = $1 AND p.topic = n.topic AND p.partition = n.partition AND p.position = n.expected
        RETURNING p.position
    )
    SELECT (SELECT count(*) FROM moved) AS moved,
        ARRAY(SELECT DISTINCT subject FROM parked_event WHERE consumer = $1 AND subject = ANY($7)) AS parked
"""


APPLIED = """
    SELECT consumer, partition, position, epoch, event_id FROM consumer_position
    WHERE topic = $1 AND position > 0 ORDER BY consumer, partition
"""


class PositionMovedError(Exception):
    """Another consumer has moved the position of this partition: the transaction of this one must be rolled back."""


@dataclass(frozen=True, slots=True)
class Source:
    """One partition of a topic. The own store counts as a topic with one partition."""

    topic: str
    partition: int


class Progress(NamedTuple):
    """All events up to `position` are applied; among them are all events recorded before `watermark`.

    `epoch` is that of the store they came from, and `event_id` the id of the last of them; None: not known.
    """

    position: int
    watermark: datetime
    epoch: UUID | None = None
    event_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PublishedPosition:
    """How far a consumer has applied a partition of a topic, and the last event there, as far as it is known."""

    consumer: str
    partition: int
    position: int
    epoch: UUID | None
    event_id: UUID | None


async def published_positions(pool: Pool, topic: str) -> list[PublishedPosition]:
    """Return the positions of all consumers of a topic in this database."""
    return [PublishedPosition(**row) for row in await pool.fetch(APPLIED, topic)]


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
        return Progress(row["position"], row["watermark"].replace(tzinfo=UTC), row["epoch"], row["event_id"])

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
            [moves[source][1].epoch for source in sources],
            [moves[source][1].event_id for source in sources],
        )
        if row is None or row["moved"] != len(moves):
            raise PositionMovedError(f"{self.consumer}: {row and row['moved']} of {len(moves)}")
        return set(row["parked"])
