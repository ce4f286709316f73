"""Connections to PostgreSQL that never wait without a limit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import asyncpg
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy
from pydantic_core import from_json, to_json

from chassis.stall import StallWatch

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
T = TypeVar("T")
Get: TypeAlias = "Callable[[float | None], Awaitable[PoolConnectionProxy[asyncpg.Record]]]"

CONNECT_TIMEOUT_SECONDS = 2.0
ACQUIRE_TIMEOUT_SECONDS = 2.0
STALLED_SECONDS = 1.0
RELEASE_TIMEOUT_SECONDS = 0.5
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


class BoundedPool(asyncpg.Pool):
    """A pool that gives up: for a free connection, and for a frozen server to let go of a query timed out.

    Whoever waits is refused once nobody has got or given back a connection for STALLED_SECONDS; and whoever comes then.
    """

    def __init__(self, *connect: Any, **options: Any) -> None:
        super().__init__(*connect, **options)
        self._stall = StallWatch(STALLED_SECONDS, self._refuse_waiting)
        self._wanted = 0
        self._limits: set[asyncio.Timeout] = set()

    def acquire(self, *, timeout: float | None = ACQUIRE_TIMEOUT_SECONDS) -> "PoolAcquireContext[asyncpg.Record]":
        return super().acquire(timeout=timeout)

    async def _acquire(
        self,
        timeout: float | None,  # noqa: ASYNC109 - the name is asyncpg's
    ) -> "PoolConnectionProxy[asyncpg.Record]":
        # The pool's own way to get one, which its types keep to themselves. Given a time it would begin a task for it.
        get: Get = super()._acquire  # type: ignore[misc]
        self._wanted += 1
        try:
            async with asyncio.timeout(timeout) as limit:
                if self._wanted > self.get_max_size():
                    got = await self._wait_in_line(get, limit)
                else:
                    self._stall.moved()
                    got = await get(None)
        except BaseException:
            self._wanted -= 1
            raise
        self._stall.moved()
        return got

    async def _wait_in_line(self, get: Get, limit: asyncio.Timeout) -> "PoolConnectionProxy[asyncpg.Record]":
        if self._stall.stalled:
            raise TimeoutError("no connection comes back")
        self._limits.add(limit)
        self._stall.watch()
        try:
            return await get(None)
        finally:
            self._limits.discard(limit)

    def _refuse_waiting(self) -> None:
        now = asyncio.get_running_loop().time()
        for limit in self._limits:
            limit.reschedule(now)

    async def release(
        self,
        connection: "PoolConnectionProxy[asyncpg.Record]",
        *,
        timeout: float | None = RELEASE_TIMEOUT_SECONDS,  # noqa: ASYNC109 - the name is asyncpg's
    ) -> None:
        try:
            if is_settled(connection):
                # What the pool does with it, but not in a task of its own: here is nothing to wait for.
                within(connection)._on_release()  # noqa: SLF001
                await connection._holder.release(timeout)  # noqa: SLF001
            else:
                await super().release(connection, timeout=timeout)
        finally:
            self._wanted -= 1
            self._stall.moved()


def within(proxy: "PoolConnectionProxy[asyncpg.Record]") -> Any:
    """Return the connection behind what the pool gave out, None once it has been given back."""
    return proxy._con  # type: ignore[attr-defined] # noqa: SLF001 - its own way leads through a task


def is_settled(proxy: "PoolConnectionProxy[asyncpg.Record]") -> bool:
    """Tell whether nothing is under way on the server any more, no transaction and no cancelling."""
    held = within(proxy)
    if held is None or held.is_closed() or held.is_in_transaction():
        return False
    return not held._protocol._is_cancelling()  # noqa: SLF001


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
