"""Snapshots of long streams: the state at a version, so that only later events are read and applied (ADR 0028).

Guarantees. A snapshot is a copy of what the events say: it may be missing, and it is never waited for. After an erasure
there is no snapshot from before it.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog

from chassis.postgres.database import UNAVAILABLE, Connection, Pool

# A stream that has grown past a multiple of this number of events gets a new snapshot.
SNAPSHOT_EVERY = 50
MAX_WAITING = 1_000
SAVE = "SELECT save_snapshot($1, $2, $3, $4, $5)"
DELETE = "SELECT delete_snapshots($1)"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The encoded state of a stream at `version`. `fold` identifies the code that made it."""

    stream_id: UUID
    subject: UUID
    version: int
    fold: bytes
    state: bytes


def is_due(before: int, version: int) -> bool:
    """Return whether a stream that grew from version `before` to `version` gets a new snapshot."""
    return version // SNAPSHOT_EVERY > before // SNAPSHOT_EVERY


class Snapshots:
    """Saves snapshots in the background, one at a time. If MAX_WAITING are waiting, further ones are dropped."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[UUID, Snapshot] = {}
        self._saver: asyncio.Task[None] | None = None

    def save_soon(self, snapshot: Snapshot) -> None:
        """Save the snapshot, or a later one of the same stream, soon; none if the database is unavailable."""
        if len(self._waiting) < MAX_WAITING or snapshot.stream_id in self._waiting:
            self._waiting[snapshot.stream_id] = snapshot
        if self._saver is None:
            self._saver = asyncio.create_task(self._save_waiting())

    async def save(self, each: Snapshot) -> None:
        """Save the snapshot, unless there is a later one, or it is from before an erasure."""
        await self._pool.execute(SAVE, each.stream_id, each.subject, each.version, each.fold, each.state)

    async def _save_waiting(self) -> None:
        try:
            while self._waiting:
                await self.save(self._waiting.pop(next(iter(self._waiting))))
        except (asyncpg.PostgresError, *UNAVAILABLE) as error:
            # The streams get other snapshots later.
            structlog.get_logger().warning("snapshot.failed", error=type(error).__name__, dropped=len(self._waiting))
            self._waiting.clear()
        finally:
            self._saver = None


async def delete_snapshots(held: Connection, subject: UUID) -> None:
    """Delete the snapshots of a subject's streams. Nobody can save a snapshot until the transaction ends."""
    await held.execute(DELETE, subject)
