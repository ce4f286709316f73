"""Deletes the idempotency keys of requests after RETENTION, one day at a time (ADR 0025).

Guarantees. A key of a request is kept for at least RETENTION, and at most a day longer. Deleting drops the partition of
a day, so it takes the same short time for any number of rows. An append never waits for it longer than a lock timeout.
"""

import asyncio
from datetime import timedelta

import asyncpg
import structlog

from chassis.postgres.database import Pool
from chassis.runtime.clock import utc_now
from chassis.runtime.supervisor import Health

RETENTION = timedelta(days=7)
# Partitions are created before they are needed: a backup can hold a lock for hours.
AHEAD = timedelta(days=2)
CHECK_SECONDS = 600.0
MAINTAIN = "SELECT maintain_idempotency($1) FROM check_clock($2)"


async def maintain_partitions(pool: Pool) -> int:
    """Create the partitions of the next days and drop expired ones. Return how many changed, usually none.

    Safe in several processes at once. Raises LockNotAvailableError if a long read, such as a backup, is in the way.
    Raises ClockError: a clock that is ahead would drop keys too early.
    """
    changed: int = await pool.fetchval(MAINTAIN, (RETENTION + AHEAD).days, utc_now())
    return changed


class PartitionMaintenance:
    """Maintains the partitions of one service's idempotency table."""

    def __init__(self, pool: Pool, *, health: Health) -> None:
        self._pool = pool
        self._health = health

    async def run(self) -> None:
        """Maintain the partitions every CHECK_SECONDS, until cancelled."""
        log = structlog.get_logger()
        while True:
            try:
                changed = await maintain_partitions(self._pool)
            except asyncpg.LockNotAvailableError:
                log.warning("idempotency.locked")
            else:
                if changed:
                    log.info("idempotency.partitions", changed=changed)
            self._health.ready()
            await asyncio.sleep(CHECK_SECONDS)
