"""The relay's cursor: the last published position of the store and of each partition, kept in the store."""

from collections import defaultdict
from collections.abc import Mapping

from chassis.postgres.database import Pool, transaction
from chassis.publish.lease import Lease, LeaseLostError

READ_CURSOR = "SELECT position FROM relay_cursor"
READ_PARTITIONS = "SELECT partition, position, refilled_offset FROM relay_partition"
# Moves the cursor and the last positions of the partitions, if this process still has the lease; else changes no row.
MOVE = """
    WITH ours AS (SELECT FROM relay_lease WHERE holder = $1 AND epoch = $2 FOR UPDATE),
        moved AS (UPDATE relay_cursor SET position = $3 WHERE EXISTS (SELECT FROM ours))
    INSERT INTO relay_partition (partition, position)
    SELECT p.* FROM unnest($4::integer[], $5::bigint[]) AS p WHERE EXISTS (SELECT FROM ours)
    ON CONFLICT (partition) DO UPDATE SET position = excluded.position
"""
REWIND = "UPDATE relay_cursor SET position = 0"
FORGET_PARTITIONS = """
    UPDATE relay_partition p SET position = 0, refilled_offset = n.refilled_offset
    FROM unnest($1::integer[], $2::bigint[]) AS n(partition, refilled_offset) WHERE p.partition = n.partition
"""


class RelayCursor:
    """Events up to `position` are published; `previous` holds the last published position of each partition.

    `refilled` holds the offset at which each partition started when it was last filled again.
    All move in one transaction, and only while the lease is held: else LeaseLostError is raised and nothing changes.
    """

    def __init__(self, pool: Pool, lease: Lease) -> None:
        self._pool = pool
        self._lease = lease
        self.position = 0
        self.previous: dict[int, int] = {}
        self.refilled: dict[int, int] = {}

    async def load(self) -> None:
        rows = await self._pool.fetch(READ_PARTITIONS)
        self.previous = defaultdict(int, {row["partition"]: row["position"] for row in rows})
        self.refilled = {row["partition"]: row["refilled_offset"] for row in rows}
        self.position = await self._pool.fetchval(READ_CURSOR)

    async def move(self, position: int, previous: dict[int, int]) -> None:
        numbers, positions = list(previous), list(previous.values())
        done = await self._pool.execute(MOVE, self._lease.holder, self._lease.epoch, position, numbers, positions)
        if done != f"INSERT 0 {len(previous)}":
            raise LeaseLostError(f"the lease of epoch {self._lease.epoch} was lost")
        self.position, self.previous = position, previous

    async def rewind(self, starts: Mapping[int, int]) -> None:
        """Set all positions to 0, so that every event is published again. Raises LeaseLostError.

        `starts` are the offsets at which the partitions that were published to start now.
        """
        async with transaction(self._pool) as held:
            await self._lease.check(held)
            await held.execute(REWIND)
            await held.execute(FORGET_PARTITIONS, list(starts), list(starts.values()))
        self.position, self.previous, self.refilled = 0, defaultdict(int), dict(starts)
