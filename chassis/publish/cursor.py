"""The relay's cursor: the last published position of the store and of each partition, kept in the store."""

from collections import defaultdict
from collections.abc import Mapping

from chassis.postgres.database import Pool, transaction
from chassis.publish.lease import Lease, LeaseLostError

READ_CURSOR = "SELECT position FROM relay_cursor"
READ_PARTITIONS = "SELECT partition, position FROM relay_partition"
# Moves the cursor and the last positions of the partitions, if this process still has the lease; else changes no row.
MOVE = """
    WITH ours AS (SELECT FROM relay_lease WHERE holder = $1 AND epoch = $2 FOR UPDATE),
        moved AS (UPDATE relay_cursor SET position = $3 WHERE EXISTS (SELECT FROM ours))
    INSERT INTO relay_partition (partition, position)
    SELECT p.* FROM unnest($4::integer[], $5::bigint[]) AS p WHERE EXISTS (SELECT FROM ours)
    ON CONFLICT (partition) DO UPDATE SET position = excluded.position
"""
REWIND = "UPDATE relay_cursor SET position = $1 WHERE position > $1"
REWIND_PARTITIONS = """
    UPDATE relay_partition p SET position = n.position
    FROM unnest($1::integer[], $2::bigint[]) AS n(partition, position) WHERE p.partition = n.partition
"""


class RelayCursor:
    """Events up to `position` are published; `previous` holds the last published position of each partition.

    All move in one transaction, and only while the lease is held: else LeaseLostError is raised and nothing changes.
    """

    def __init__(self, pool: Pool, lease: Lease) -> None:
        self._pool = pool
        self._lease = lease
        self.position = 0
        self.previous: dict[int, int] = {}

    async def load(self) -> None:
        rows = await self._pool.fetch(READ_PARTITIONS)
        self.previous = defaultdict(int, {row["partition"]: row["position"] for row in rows})
        self.position = await self._pool.fetchval(READ_CURSOR)

    async def move(self, position: int, previous: dict[int, int]) -> None:
        numbers, positions = list(previous), list(previous.values())
        done = await self._pool.execute(MOVE, self._lease.holder, self._lease.epoch, position, numbers, positions)
        if done != f"INSERT 0 {len(previous)}":
            raise LeaseLostError(f"the lease of epoch {self._lease.epoch} was lost")
        self.position, self.previous = position, previous

    async def rewind(self, positions: Mapping[int, int]) -> None:
        """Publish the events of these partitions again that follow the given positions. Raises LeaseLostError."""
        async with transaction(self._pool) as held:
            await self._lease.check(held)
            await held.execute(REWIND, min(positions.values()))
            await held.execute(REWIND_PARTITIONS, list(positions), list(positions.values()))
        await self.load()
