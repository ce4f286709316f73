"""Connections to PostgreSQL that never wait without a limit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy
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
# What PostgreSQL's binary form of jsonb begins with; COPY knows no other form.
JSONB_VERSION = b"\x01"
SERVER_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "5s",
    "timezone": "UTC",
    "jit": "off",
}
# Promotions, and restores to an instant, begin another timeline. A standby has none of its own.
READ_TIMELINE = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END"
# What asyncpg raises when the server, the network or the pool is at fault rather than the statement.
UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # A backend that is killed between two messages leaves the driver's own states in disorder.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.InvalidAuthorizationSpecificationError,
    # A standby answers, and takes nothing.
    asyncpg.exceptions.ReadOnlySQLTransactionError,
    # A table has changed its form meanwhile; outside a transaction the driver asks again by itself.
    asyncpg.exceptions.InvalidCachedStatementError,
)


class StandbyError(ConnectionRefusedError):
    """The server follows another one."""


class OtherTimelineError(ConnectionRefusedError):
    """The server has another history than the first one that answered: what was read there may never have been."""


class Timeline:
    """The timeline that a pool lives on, which is that of its first connection (ADR 0020)."""

    def __init__(self) -> None:
        self._known: str | None = None
        self.left = asyncio.Event()

    async def check(self, opened: Connection) -> None:
        """Raise StandbyError or OtherTimelineError where `opened` leads elsewhere; the latter sets `left` for good."""
        found = await opened.fetchval(READ_TIMELINE)
        if found is None:
            raise StandbyError("the database is a standby")
        self._known = self._known or found
        if found != self._known:
            self.left.set()
            raise OtherTimelineError(f"the database went from timeline {self._known} to {found}")


async def open_pool(
    url: str,
    *,
    size: int,
    application_name: str,
    session: Mapping[str, str] = MappingProxyType({}),
    timeline: Timeline | None = None,
) -> Pool:
    """Open a pool. The first connection is made on first use, so that a service can start before its database.

    `session` are PostgreSQL settings beside SERVER_SETTINGS, or instead of them.
    """
    lives_on = timeline or Timeline()

    async def begin(opened: Connection) -> None:
        await lives_on.check(opened)
        await read_jsonb(opened)

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
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        server_settings={**SERVER_SETTINGS, "application_name": application_name, **session},
        init=begin,
        reset=keep_session,
    )


async def keep_session(released: Connection) -> None:
    """Spare the round trip of a reset: nothing here changes a session's settings, listens or locks beyond a commit."""
    if released.is_in_transaction():
        await released.reset()


async def read_jsonb(opened: Connection) -> None:
    """Let jsonb columns be Python values on both sides; `json` stays text."""
    await opened.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=encode_jsonb, decoder=decode_jsonb, format="binary"
    )


def encode_jsonb(value: Any) -> bytes:
    return JSONB_VERSION + to_json(value)


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


async def patiently(work: Callable[[], Awaitable[T]], *, deadline_seconds: float, pause_seconds: float = 0.1) -> T:
    """Run `work` again while the database is unavailable; TimeoutError at the deadline. `work` must be idempotent.

    A server that takes no connections is not waited for, unless an earlier try may have reached it; one on another
    timeline never is.
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
            if not reached or isinstance(error, OtherTimelineError) or loop.time() + pause_seconds > give_up_at:
                raise
            await asyncio.sleep(pause_seconds)
