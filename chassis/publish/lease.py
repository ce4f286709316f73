"""One relay at a time per store: a lease in the store itself, with an epoch that every move of the cursor names."""

import asyncio
from collections.abc import Callable
from uuid import UUID, uuid4

from chassis.postgres.database import Connection, Pool

LEASE_SECONDS = 10.0
RENEW_SECONDS = 3.0

ACQUIRE = """
    UPDATE relay_lease SET holder = $1, expires_at = clock_timestamp() + make_interval(secs => $2),
        epoch = CASE WHEN holder = $1 THEN epoch ELSE epoch + 1 END
    WHERE holder = $1 OR expires_at < clock_timestamp() RETURNING epoch
"""
RELEASE = "UPDATE relay_lease SET expires_at = '-infinity' WHERE holder = $1"
HELD = "SELECT epoch FROM relay_lease WHERE holder = $1 AND epoch = $2 FOR UPDATE"


class LeaseLostError(Exception):
    """Somebody else publishes now: stop at once."""


class Lease:
    """The right to publish. Whoever was paused past its end finds its cursor refused."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.holder: UUID = uuid4()
        self.epoch: int | None = None

    async def acquire(self) -> bool:
        """Take or renew the lease; False while somebody else holds it."""
        self.epoch = await self._pool.fetchval(ACQUIRE, self.holder, LEASE_SECONDS)
        return self.epoch is not None

    async def wait(self, *, waiting: Callable[[], None]) -> None:
        while not await self.acquire():
            waiting()
            await asyncio.sleep(RENEW_SECONDS)

    async def check(self, held: Connection) -> None:
        """Hold the lease row for the rest of the caller's transaction, or raise LeaseLostError."""
        if await held.fetchval(HELD, self.holder, self.epoch) is None:
            raise LeaseLostError(f"epoch {self.epoch} is over")

    async def release(self) -> None:
        await self._pool.execute(RELEASE, self.holder)
