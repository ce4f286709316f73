"""The event store on asyncpg: appends events with their idempotency keys, responses and vault entries, and reads them.

Guarantees. P1: events, idempotency key, response and vault entries of one command commit in one transaction. P2:
positions rise in commit order without gaps (ADR 0002). Every append has a key, so a batch with an unknown commit
outcome is sent again: appends that were committed return "duplicate", and the key gives their response.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.postgres.database import UNAVAILABLE, ClockError, Connection, Pool, connection
from chassis.runtime.clock import utc_now
from chassis.runtime.crash import crash_point
from chassis.runtime.turns import in_turns
from chassis.store.append import Answer, Append, Appended, check_sizes, execute_appends
from chassis.store.group_commit import GroupCommit
from chassis.store.mapper import RecordedEvent
from chassis.store.snapshots import Snapshot, Snapshots

READ_LIMIT = 1_000
# How long a failed append counts if no later append has succeeded: a service that gets no commands must recover too.
FAILURE_SECONDS = 5.0

COLUMNS = "position, stream_id, version, subject, type, state, recorded_at"
READ_STREAM = f"""
    SELECT {COLUMNS} FROM event WHERE stream_id = $1 AND version > $2 AND ($3::text[] IS NULL OR type = ANY($3))
    ORDER BY version LIMIT $4
"""  # noqa: S608
# Positions begin at 1: the row with position 0 is the snapshot.
READ_LATEST = f"""
    WITH kept AS MATERIALIZED (
        SELECT version, subject, state, taken_at FROM snapshot WHERE stream_id = $1 AND fold = $2
    )
    SELECT 0 AS position, $1 AS stream_id, version, subject, '' AS type, state, taken_at AS recorded_at FROM kept
    UNION ALL (
        SELECT {COLUMNS} FROM event WHERE stream_id = $1 AND version > coalesce((SELECT version FROM kept), 0)
        ORDER BY version LIMIT $3
    )
    ORDER BY version
"""  # noqa: S608
READ_TAILS = f"""
    SELECT e.* FROM unnest($1::uuid[], $2::bigint[]) AS known (stream_id, version)
    CROSS JOIN LATERAL (
        SELECT {COLUMNS} FROM event WHERE stream_id = known.stream_id AND version > known.version
        ORDER BY version LIMIT $3
    ) AS e
    ORDER BY e.stream_id, e.version
"""  # noqa: S608
READ_FIRST = f"SELECT {COLUMNS} FROM event WHERE stream_id = $1 AND version = 1"  # noqa: S608
READ_ALL = f"SELECT {COLUMNS} FROM event WHERE position > $1 ORDER BY position LIMIT $2"  # noqa: S608
READ_AT = f"SELECT {COLUMNS} FROM event WHERE position = ANY($1)"  # noqa: S608
READ_SUBJECT = f"SELECT {COLUMNS} FROM event WHERE subject = $1 AND position > $2 ORDER BY position LIMIT $3"  # noqa: S608
READ_ANSWER = "SELECT request_hash, status, body FROM idempotency WHERE key = $1"
READ_HEAD = "SELECT position FROM store_head"
READ_EPOCH = "SELECT epoch FROM store_epoch"
READ_WATERMARK = "SELECT head, complete_until FROM checked_watermark($1)"
CHECK_CLOCK = "SELECT FROM check_clock($1), store_end()"


class AppendsRefusedError(ConnectionRefusedError):
    """The store refuses appends: it may be an older copy."""


class EventStore:
    """The events of one service, in its own database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.snapshots = Snapshots(pool)
        self._listeners: list[Callable[[], None]] = []
        self._group = GroupCommit(self._commit)
        self._last_failure: tuple[float, str] | None = None
        self._refusal: str | None = None

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit, to wake the relay and the local feeds."""
        self._listeners.append(listener)

    def wake(self) -> None:
        """Notify the listeners of a commit made with `append_within`."""
        for listener in self._listeners:
            listener()

    def refuse(self, reason: str) -> None:
        """Raise AppendsRefusedError in `append` and `append_within` until `accept` is called."""
        self._refusal = reason

    def accept(self) -> None:
        self._refusal = None

    async def append(self, append: Append) -> Appended:
        """Commit the effect of one command, in one transaction with other appends that are waiting (group commit)."""
        self._ensure_accepting()
        check_sizes(append)
        return await self._group.submit(append)

    async def append_within(self, held: Connection, appends: Sequence[Append]) -> list[Appended]:
        """Append in the caller's transaction. The store stays locked until it ends; call `wake` after the commit."""
        self._ensure_accepting()
        for append in appends:
            check_sizes(append)
        return await execute_appends(held, appends)

    async def fault(self) -> str | None:
        """Return None while appends succeed, else the reason: with a full disk, for example, reads still work."""
        if self._refusal:
            return self._refusal
        failed_at, error = self._last_failure or (0.0, "")
        if not error or asyncio.get_running_loop().time() - failed_at > FAILURE_SECONDS:
            return None
        return f"the database rejects appends: {error}"

    def _ensure_accepting(self) -> None:
        if self._refusal:
            raise AppendsRefusedError(self._refusal)

    async def clock_fault(self) -> str | None:
        """Return None if the clocks are right or the database does not answer, else what is wrong with them."""
        try:
            await self._pool.execute(CHECK_CLOCK, utc_now(), timeout=1)
        except ClockError as error:
            return str(error)
        except UNAVAILABLE:
            return None
        return None

    async def _commit(self, appends: Sequence[Append]) -> list[Appended]:
        try:
            async with connection(self._pool) as held:
                crash_point("append.before-commit")
                appended = await execute_appends(held, appends)
                crash_point("append.after-commit")
        except UNAVAILABLE as error:
            self._last_failure = asyncio.get_running_loop().time(), type(error).__name__
            raise
        self._last_failure = None
        self.wake()
        return appended

    async def read_stream(
        self, stream_id: UUID, *, after_version: int = 0, types: Sequence[str] | None = None
    ) -> AsyncIterator[RecordedEvent]:
        """Yield the events of a stream, or those of `types`. Reads READ_LIMIT at once, and pauses between turns."""
        more = True
        while more:
            rows = await self._pool.fetch(READ_STREAM, stream_id, after_version, types, READ_LIMIT)
            async for row in in_turns(rows):
                yield recorded(row)
            more = len(rows) == READ_LIMIT
            after_version = rows[-1]["version"] if more else after_version

    async def read_latest(self, stream_id: UUID, fold: bytes) -> tuple[Snapshot | None, AsyncIterator[RecordedEvent]]:
        """Return the snapshot that `fold` made, if there is one, and the later events, read in one statement."""
        rows = await self._pool.fetch(READ_LATEST, stream_id, fold, READ_LIMIT)
        if not rows or rows[0]["position"]:
            return None, self._continued(stream_id, rows)
        kept, *later = rows
        snapshot = Snapshot(stream_id, kept["subject"], kept["version"], fold, kept["state"])
        return snapshot, self._continued(stream_id, later)

    async def _continued(self, stream_id: UUID, rows: Sequence[asyncpg.Record]) -> AsyncIterator[RecordedEvent]:
        """Yield the events of the first rows, and then the rest of the stream."""
        async for row in in_turns(rows):
            yield recorded(row)
        if len(rows) == READ_LIMIT:
            async for event in self.read_stream(stream_id, after_version=rows[-1]["version"]):
                yield event

    async def read_tails(self, versions: Mapping[UUID, int], limit: int) -> dict[UUID, list[RecordedEvent]]:
        """Read the events after the given version of each stream in one statement, at most `limit` of a stream."""
        tails: dict[UUID, list[RecordedEvent]] = {stream_id: [] for stream_id in versions}
        for row in await self._pool.fetch(READ_TAILS, [*versions.keys()], [*versions.values()], limit):
            tails[row["stream_id"]].append(recorded(row))
        return tails

    async def first_of(self, stream_id: UUID) -> RecordedEvent | None:
        """Return the event that began the stream: what it is about, and whose it is."""
        row = await self._pool.fetchrow(READ_FIRST, stream_id)
        return recorded(row) if row else None

    async def read_all(self, *, after: int, limit: int = READ_LIMIT) -> list[RecordedEvent]:
        """Read on in position order. Never skips: see ADR 0002."""
        return [recorded(row) for row in await self._pool.fetch(READ_ALL, after, limit)]

    async def read_rows(self, *, after: int, limit: int) -> list[asyncpg.Record]:
        """Read on like `read_all`, the rows as they are."""
        rows: list[asyncpg.Record] = await self._pool.fetch(READ_ALL, after, limit)
        return rows

    async def rows_at(self, positions: Sequence[int]) -> list[asyncpg.Record]:
        """Return the rows at these positions, in any order."""
        rows: list[asyncpg.Record] = await self._pool.fetch(READ_AT, positions)
        return rows

    async def read_subject(self, subject: UUID, *, after: int, limit: int) -> list[RecordedEvent]:
        return [recorded(row) for row in await self._pool.fetch(READ_SUBJECT, subject, after, limit)]

    async def answer(self, key: str) -> Answer | None:
        row = await self._pool.fetchrow(READ_ANSWER, key)
        return Answer(row["request_hash"], row["status"], row["body"]) if row else None

    async def head(self) -> int:
        position: int = await self._pool.fetchval(READ_HEAD)
        return position

    async def epoch(self) -> UUID:
        """Return the epoch of the store: a restore from an older copy begins a new one (ADR 0027)."""
        epoch: UUID = await self._pool.fetchval(READ_EPOCH)
        return epoch

    async def watermark(self) -> tuple[int, datetime]:
        """Return (position, T): every event recorded before T has a position up to this one. Raises ClockError."""
        row = await self._pool.fetchrow(READ_WATERMARK, utc_now())
        if row is None:
            raise LookupError("the store has no watermark")
        return row["head"], row["complete_until"]


def recorded(row: asyncpg.Record) -> RecordedEvent:
    return RecordedEvent(
        originator_id=row["stream_id"],
        originator_version=row["version"],
        topic=row["type"],
        state=row["state"],
        id=row["position"],
        subject=row["subject"],
        recorded_at=row["recorded_at"],
    )
