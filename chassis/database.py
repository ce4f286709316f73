"""Connections to PostgreSQL that never wait without a limit."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias, TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 2.0
ACQUIRE_TIMEOUT_SECONDS = 2.0
COMMAND_TIMEOUT_SECONDS = 5.0
SERVER_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "5s",
    "timezone": "UTC",
    "jit": "off",
}
# What asyncpg raises when the server, the network or the pool is at fault rather than the statement.
UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.InvalidAuthorizationSpecificationError,
)


async def open_pool(url: str, *, size: int, application_name: str) -> Pool:
    """Open a pool. The first connection is made on first use, so that a service can start before its database."""
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        server_settings={**SERVER_SETTINGS, "application_name": application_name},
        init=read_jsonb,
        reset=keep_session,
    )


async def keep_session(released: Connection) -> None:
    """Spare the round trip of a reset: nothing here changes a session's settings, listens or locks beyond a commit."""
    if released.is_in_transaction():
        await released.reset()


async def read_jsonb(opened: Connection) -> None:
    """Let jsonb columns be Python values on both sides; `json` stays text."""
    await opened.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


@asynccontextmanager
async def connection(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as held:
        yield held


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    async with connection(pool) as held, held.transaction():
        yield held


async def patiently(work: Callable[[], Awaitable[T]], *, deadline_seconds: float, pause_seconds: float = 0.1) -> T:
    """Run `work` again while the database is unavailable, until the deadline. `work` must be idempotent."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + deadline_seconds
    while True:
        try:
            return await work()
        except UNAVAILABLE:
            if loop.time() + pause_seconds > give_up_at:
                raise
            await asyncio.sleep(pause_seconds)
