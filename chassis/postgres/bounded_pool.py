"""A connection pool with bounded waiting time and first-come, first-served order."""

import asyncio
from collections.abc import Generator
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy

from chassis.runtime.stall import StallWatch

Proxy: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

ACQUIRE_TIMEOUT_SECONDS = 2.0
RELEASE_TIMEOUT_SECONDS = 0.5
STALLED_SECONDS = 1.0


class BoundedPool(asyncpg.Pool):
    """A pool that waits for a limited time: for a free connection, and for a frozen server to cancel a query.

    If no connection was acquired or released for STALLED_SECONDS, all waiting and new callers get a TimeoutError.
    """

    def __init__(self, *connect: Any, **options: Any) -> None:
        super().__init__(*connect, **options)
        self._stall = StallWatch(STALLED_SECONDS, self._refuse_waiting)
        # The pool's own queue is not fair: it may serve new callers before waiting ones.
        self._slots = asyncio.Semaphore(self.get_max_size())
        self._limits: set[asyncio.Timeout] = set()

    def acquire(self, *, timeout: float | None = ACQUIRE_TIMEOUT_SECONDS) -> "PoolAcquireContext[asyncpg.Record]":
        return QueuedAcquire(self, timeout)

    async def take(self, timeout: float | None) -> Proxy:  # noqa: ASYNC109 - the name is asyncpg's
        """Wait for a connection, in order; raise TimeoutError after `timeout`, or when the pool has stalled."""
        async with asyncio.timeout(timeout) as limit:
            await self._wait_for_slot(limit)
            try:
                # With a timeout, the pool would create a task for each call.
                connection = await super().acquire(timeout=None)
            except BaseException:
                self._slots.release()
                raise
        self._stall.record_progress()
        return connection

    async def _wait_for_slot(self, limit: asyncio.Timeout) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            self._stall.record_progress()
            return
        if self._stall.stalled:
            raise TimeoutError("no connection is released")
        self._limits.add(limit)
        self._stall.start()
        try:
            await self._slots.acquire()
        finally:
            self._limits.discard(limit)

    def _refuse_waiting(self) -> None:
        now = asyncio.get_running_loop().time()
        for limit in self._limits:
            limit.reschedule(now)

    async def release(
        self,
        connection: Proxy,
        *,
        timeout: float | None = RELEASE_TIMEOUT_SECONDS,  # noqa: ASYNC109 - the name is asyncpg's
    ) -> None:
        try:
            await super().release(connection, timeout=timeout)
        finally:
            self._slots.release()
            self._stall.record_progress()


class QueuedAcquire(PoolAcquireContext):
    """The result of `acquire`: await it, or use it as a context manager, like that of the pool's own `acquire`."""

    def __init__(self, pool: BoundedPool, timeout: float | None) -> None:
        super().__init__(pool, timeout)
        self._take = pool.take

    async def __aenter__(self) -> Proxy:
        self.connection = await self._take(self.timeout)
        return self.connection

    def __await__(self) -> Generator[Any, None, Proxy]:
        return self._take(self.timeout).__await__()
