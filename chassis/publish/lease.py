"""The relay's lease, kept in the store: one relay at a time publishes. Each move of the cursor checks its epoch.

Guarantee. No wall clock decides who publishes. A process that waits takes the lease when the holder has released it, or
has not renewed it for LEASE_SECONDS of this process's monotonic clock.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from chassis.postgres.database import Connection, Pool

LEASE_SECONDS = 10.0
RENEW_SECONDS = 3.0

# Each renewal writes a new `expires_at`. Here it is compared only for equality; the doctor and builds from before
# ADR 0029 read it as a time. '-infinity' is a lease that was released.
ACQUIRE = """
    UPDATE relay_lease SET holder = $1, expires_at = clock_timestamp() + make_interval(secs => $2),
        epoch = CASE WHEN holder = $1 THEN epoch ELSE epoch + 1 END
    WHERE holder = $1 OR expires_at = '-infinity' OR (epoch = $3 AND expires_at = $4) RETURNING epoch
"""
OBSERVE = "SELECT epoch, expires_at FROM relay_lease WHERE expires_at > '-infinity'"
RELEASE = "UPDATE relay_lease SET expires_at = '-infinity' WHERE holder = $1"
HELD = "SELECT epoch FROM relay_lease WHERE holder = $1 AND epoch = $2 FOR UPDATE"


class LeaseLostError(Exception):
    """Another process has the lease: stop publishing at once."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A renewal by another process, and the event loop's time at which it was first seen."""

    epoch: int
    expires_at: datetime
    seen_at: float


class Lease:
    """The right to publish. A relay that was paused until its lease expired cannot move the cursor."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._observed: Observation | None = None
        self.holder: UUID = uuid4()
        self.epoch: int | None = None

    async def acquire(self) -> bool:
        """Acquire or renew the lease. Return False while another process holds it."""
        expired = self._expired()
        renewal = (expired.epoch, expired.expires_at) if expired else (None, None)
        self.epoch = await self._pool.fetchval(ACQUIRE, self.holder, LEASE_SECONDS, *renewal)
        if self.epoch is None:
            await self._observe()
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

    def _expired(self) -> Observation | None:
        """Return the last renewal seen, if none has been seen for LEASE_SECONDS after it."""
        seen = self._observed
        return seen if seen and asyncio.get_running_loop().time() - seen.seen_at > LEASE_SECONDS else None

    async def _observe(self) -> None:
        row = await self._pool.fetchrow(OBSERVE)
        seen = self._observed
        if row and (seen is None or (row["epoch"], row["expires_at"]) != (seen.epoch, seen.expires_at)):
            self._observed = Observation(row["epoch"], row["expires_at"], asyncio.get_running_loop().time())
