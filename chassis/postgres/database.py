"""PostgreSQL connection pools, transactions and retries, all with timeouts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from msgspec import Raw
from pydantic_core import from_json, to_json

from chassis.postgres.bounded_pool import BoundedPool

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 2.0
COMMAND_TIMEOUT_SECONDS = 5.0
DEADLINE_SECONDS = 6.0
QUERIES_PER_CONNECTION = 50_000
IDLE_SECONDS = 300.0
# The version byte of PostgreSQL's binary jsonb format. COPY supports only the binary format.
JSONB_VERSION = b"\x01"
SERVER_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "5s",
    "timezone": "UTC",
    "jit": "off",
}
# A promotion and a point-in-time recovery start a new timeline. NULL on a standby.
READ_TIMELINE = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END"
# Errors of the server, the network or the pool, as opposed to errors of the statement.
UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # Raised by asyncpg if a backend is killed between two protocol messages.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.InvalidAuthorizationSpecificationError,
    # Raised by a standby, which accepts connections but no writes.
    asyncpg.exceptions.ReadOnlySQLTransactionError,
    # A table was altered after the statement was prepared. Outside a transaction asyncpg retries by itself.
    asyncpg.exceptions.InvalidCachedStatementError,
)


class StandbyError(ConnectionRefusedError):
    """The server is a standby."""


class OtherTimelineError(ConnectionRefusedError):
    """The server is on another timeline than the first connection: data read before may not exist there."""


class ClockError(asyncpg.exceptions.OperatorInterventionError):
    """A clock is wrong: this process and the database disagree, or the store ends in the future (ADR 0029).

    Nothing was written. The message names only the difference.
    """

    sqlstate = "CK001"


NEVER_RETRIED = (OtherTimelineError, ClockError)


class Timeline:
    """The timeline of a pool's first connection; all other connections must be on it (ADR 0020)."""

    def __init__(self) -> None:
        self._expected: str | None = None
        self.left = asyncio.Event()

    async def check(self, opened: Connection) -> None:
        """Raise StandbyError, or OtherTimelineError, which also sets `left` for good."""
        found = await opened.fetchval(READ_TIMELINE)
        if found is None:
            raise StandbyError("the database is a standby")
        self._expected = self._expected or found
        if found != self._expected:
            self.left.set()
            raise OtherTimelineError(f"the database changed from timeline {self._expected} to {found}")


async def open_pool(
    url: str,
    *,
    size: int,
    application_name: str,
    session: Mapping[str, str] = MappingProxyType({}),
    timeline: Timeline | None = None,
    command_timeout_seconds: float | None = COMMAND_TIMEOUT_SECONDS,
) -> Pool:
    """Open a pool. The first connection is opened on first use, so that a service can start before its database.

    `session` are PostgreSQL settings that extend or override SERVER_SETTINGS. `command_timeout_seconds` is the limit of
    this client; None: no limit.
    """
    pool_timeline = timeline or Timeline()

    async def initialize(opened: Connection) -> None:
        await pool_timeline.check(opened)
        await use_jsonb_codec(opened)

    return await BoundedPool(
        url,
        min_size=0,
        max_size=size,
        max_queries=QUERIES_PER_CONNECTION,
        max_inactive_connection_lifetime=IDLE_SECONDS,
        loop=None,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=command_timeout_seconds,
        server_settings={**SERVER_SETTINGS, "application_name": application_name, **session},
        init=initialize,
        reset=reset_if_in_transaction,
    )


async def reset_if_in_transaction(released: Connection) -> None:
    """Reset only if a transaction is open. No code here changes session settings, listens or takes session locks."""
    if released.is_in_transaction():
        await released.reset()


async def use_jsonb_codec(opened: Connection) -> None:
    """Convert jsonb columns to and from Python values; `json` columns stay text."""
    await opened.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=encode_jsonb, decoder=decode_jsonb, format="binary"
    )


def encode_jsonb(value: Any) -> bytes:
    """Encode a value; JSON text in a `msgspec.Raw` is stored as it is."""
    return JSONB_VERSION + (bytes(value) if isinstance(value, Raw) else to_json(value))


def decode_jsonb(value: bytes) -> Any:
    return from_json(value[len(JSONB_VERSION) :])


@asynccontextmanager
async def connection(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as held:
        yield held


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    async with connection(pool) as held, held.transaction():
        yield held


async def fetch_planned(pool: Pool, query: str, *arguments: Any) -> list[asyncpg.Record]:
    """Fetch rows by a plan that is made for these arguments.

    Use it where conditions are optional, or a caller may see few rows or all: PostgreSQL keeps a plan for a statement
    that is prepared by name, and none for one without.
    """
    async with connection(pool) as held:
        statement = await held.prepare(query, name="")
        return await statement.fetch(*arguments)


async def retry_while_unavailable(
    work: Callable[[], Awaitable[T]], *, deadline_seconds: float, pause_seconds: float = 0.1
) -> T:
    """Run `work`, and retry it while the database is unavailable. `work` must be idempotent. Raises the last error.

    Raises TimeoutError if `work` is still running at the deadline. A refused connection is retried only if an earlier
    attempt may have reached the server; OtherTimelineError and ClockError are never retried.
    """
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + deadline_seconds
    reached = False
    while True:
        try:
            async with asyncio.timeout_at(give_up_at + pause_seconds):
                return await work()
        except UNAVAILABLE as error:
            reached = reached or not isinstance(error, ConnectionRefusedError)
            if not reached or isinstance(error, NEVER_RETRIED) or loop.time() + pause_seconds > give_up_at:
                raise
            await asyncio.sleep(pause_seconds)
