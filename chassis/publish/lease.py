"""The relay's lease, kept in the store: one relay at a time publishes. Each move of the cursor checks its epoch."""

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
    """Another process has the lease: stop publishing at once."""


class Lease:
    """The right to publish. A relay that was paused until its lease expired cannot move the cursor."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.holder: UUID = uuid4()
        self.epoch: int | None = None

    async def acquire(self) -> bool:
        """Acquire or renew the lease. Return False while another process holds it."""
        self.epoch = await self._pool.fetchval(ACQUIRE, self.holder, LEASE_SECONDS)
        return self.epoch is not None

    async def wait(self, *, on_wait: Callable[[], None]) -> None:
        """Wait until the lease is acquired; call `on_wait` after each failed attempt."""
        while not await self.acquire():
            on_wait()
            await asyncio.sleep(RENEW_SECONDS)

    async def check(self, held: Connection) -> None:
        """Lock the lease row until the caller's transaction ends. Raises LeaseLostError."""
        if await held.fetchval(HELD, self.holder, self.epoch) is None:
            raise LeaseLostError(f"the lease of epoch {self.epoch} was lost")

    async def release(self) -> None:
        await self._pool.execute(RELEASE, self.holder)
