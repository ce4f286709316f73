"""The event store on asyncpg: facts, the answers given for them, and the personal words they point to.

Guarantees. Events, idempotency key, answer and vault entries of one command commit together. Positions rise
in commit order without a gap (ADR 0002). Every append has a key, so a batch whose outcome is unknown is
simply sent again: what had landed answers "duplicate" and is resolved through the key.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from chassis.postgres.database import UNAVAILABLE, Connection, Pool, connection
from chassis.runtime.crash import crash_point
from chassis.store.group_commit import GroupCommit
from chassis.store.mapper import NewEvent, RecordedEvent
from chassis.store.vault import VaultEntry

MAX_EVENT_BYTES = 256 * 1024
READ_LIMIT = 1_000
# For so long a failure counts where no later append has told otherwise: who gets no commands cannot know better.
REFUSED_SECONDS = 5.0

APPEND = (
    "SELECT command, outcome, last_position FROM append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
    " $11, $12, $13, $14, $15)"
)
COLUMNS = "position, stream_id, version, subject, type, state, recorded_at"
READ_STREAM = f"SELECT {COLUMNS} FROM event WHERE stream_id = $1 AND version > $2 ORDER BY version"  # noqa: S608
READ_FIRST = f"SELECT {COLUMNS} FROM event WHERE stream_id = $1 AND version = 1"  # noqa: S608
READ_ALL = f"SELECT {COLUMNS} FROM event WHERE position > $1 ORDER BY position LIMIT $2"  # noqa: S608
READ_SUBJECT = f"SELECT {COLUMNS} FROM event WHERE subject = $1 AND position > $2 ORDER BY position LIMIT $3"  # noqa: S608
READ_ANSWER = "SELECT request_hash, status, body FROM idempotency WHERE key = $1"
READ_HEAD = "SELECT position FROM store_head"
READ_WATERMARK = "SELECT head, complete_until FROM store_watermark()"


class Outcome(StrEnum):
    DONE = "done"
    CONFLICT = "conflict"
    DUPLICATE = "duplicate"


class EventTooLargeError(ValueError):
    """An event above MAX_EVENT_BYTES would not fit through the broker."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller of a command was told; kept for a retry. `request_hash` tells whether it is the same request."""

    request_hash: bytes
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """One command's effect, all or nothing. `key` makes it safe to send twice."""

    key: str
    answer: Answer
    events: Sequence[NewEvent] = ()
    vault: Sequence[VaultEntry] = field(default=())

    def claims(self) -> set[object]:
        """Return what no other append of the same batch may claim."""
        return {self.key, *((event.originator_id, event.originator_version) for event in self.events)}


@dataclass(frozen=True, slots=True)
class Appended:
    outcome: Outcome
    last_position: int


class EventStore:
    """The log of one service."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._listeners: list[Callable[[], None]] = []
        self._group = GroupCommit(self._commit)
        self._refused: tuple[float, str] | None = None

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit; the relay and local projections wake on it."""
        self._listeners.append(listener)

    def wake(self) -> None:
        """Tell the listeners that something was committed outside a grouped append."""
        for listener in self._listeners:
            listener()

    async def append(self, append: Append) -> Appended:
        """Commit one command's effect together with whatever else arrives meanwhile."""
        check_sizes(append)
        return await self._group.submit(append)

    async def append_within(self, held: Connection, appends: Sequence[Append]) -> list[Appended]:
        """Add to the caller's transaction; the head of the store stays locked until it ends. Call `wake` after."""
        for append in appends:
            check_sizes(append)
        return await execute(held, appends)

    async def fault(self) -> str | None:
        """Return None while appends succeed, else a sentence: a full disk, for one, still answers what only reads."""
        since, error = self._refused or (0.0, "")
        if not error or asyncio.get_running_loop().time() - since > REFUSED_SECONDS:
            return None
        return f"the database does not take what is appended: {error}"

    async def _commit(self, appends: Sequence[Append]) -> list[Appended]:
        try:
            async with connection(self._pool) as held:
                crash_point("append.before-commit")
                appended = await execute(held, appends)
                crash_point("append.after-commit")
        except UNAVAILABLE as error:
            self._refused = asyncio.get_running_loop().time(), type(error).__name__
            raise
        self._refused = None
        self.wake()
        return appended

    async def read_stream(self, stream_id: UUID, *, after_version: int = 0) -> list[RecordedEvent]:
        rows = await self._pool.fetch(READ_STREAM, stream_id, after_version)
        return [recorded(row) for row in rows]

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

    async def read_subject(self, subject: UUID, *, after: int, limit: int) -> list[RecordedEvent]:
        return [recorded(row) for row in await self._pool.fetch(READ_SUBJECT, subject, after, limit)]

    async def answer(self, key: str) -> Answer | None:
        row = await self._pool.fetchrow(READ_ANSWER, key)
        return Answer(row["request_hash"], row["status"], row["body"]) if row else None

    async def head(self) -> int:
        position: int = await self._pool.fetchval(READ_HEAD)
        return position

    async def watermark(self) -> tuple[int, datetime]:
        """Return (position, T): nothing recorded before T lies beyond that position."""
        row = await self._pool.fetchrow(READ_WATERMARK)
        if row is None:
            raise LookupError("the store has no head row")
        return row["head"], row["complete_until"]


def check_sizes(append: Append) -> None:
    for event in append.events:
        if len(event.state) > MAX_EVENT_BYTES:
            raise EventTooLargeError(f"{event.topic} has {len(event.state)} bytes; {MAX_EVENT_BYTES} are allowed")


async def execute(held: Connection, appends: Sequence[Append]) -> list[Appended]:
    """Send all appends in one statement and return one verdict each, in order."""
    rows = await held.fetch(APPEND, *arrays(appends))
    verdicts = {row["command"]: Appended(Outcome(row["outcome"]), row["last_position"]) for row in rows}
    return [verdicts[number] for number in range(1, len(appends) + 1)]


def arrays(appends: Sequence[Append]) -> list[list[object]]:
    events = [(number, event) for number, append in enumerate(appends, 1) for event in append.events]
    entries = [(number, entry) for number, append in enumerate(appends, 1) for entry in append.vault]
    return [
        [append.key for append in appends],
        [append.answer.request_hash for append in appends],
        [append.answer.status for append in appends],
        [append.answer.body for append in appends],
        [number for number, _ in events],
        [event.originator_id for _, event in events],
        [event.originator_version for _, event in events],
        [event.subject for _, event in events],
        [event.topic for _, event in events],
        [event.state for _, event in events],
        [number for number, _ in entries],
        [entry.id for _, entry in entries],
        [entry.subject for _, entry in entries],
        [entry.field for _, entry in entries],
        [entry.value for _, entry in entries],
    ]


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
