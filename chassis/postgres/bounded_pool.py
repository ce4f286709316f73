"""A pool of connections in which nobody waits for long, and who comes first is served first."""

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
    """A pool that gives up: for a free connection, and for a frozen server to let go of a query timed out.

    Whoever waits is refused once nobody has got or given back a connection for STALLED_SECONDS; and whoever comes then.
    """

    def __init__(self, *connect: Any, **options: Any) -> None:
        super().__init__(*connect, **options)
        self._stall = StallWatch(STALLED_SECONDS, self._refuse_waiting)
        # The pool's own queue lets newcomers go before those who wait; this one does not.
        self._line = asyncio.Semaphore(self.get_max_size())
        self._limits: set[asyncio.Timeout] = set()

    def acquire(self, *, timeout: float | None = ACQUIRE_TIMEOUT_SECONDS) -> "PoolAcquireContext[asyncpg.Record]":
        return InLine(self, timeout)

    async def take(self, timeout: float | None) -> Proxy:  # noqa: ASYNC109 - the name is asyncpg's
        """Wait in line for a connection; TimeoutError after `timeout`, or when no connection comes back."""
        async with asyncio.timeout(timeout) as limit:
            await self._wait_in_line(limit)
            try:
                # Given a time, the pool would begin a task for it.
                got = await super().acquire(timeout=None)
            except BaseException:
                self._line.release()
                raise
        self._stall.record_progress()
        return got

    async def _wait_in_line(self, limit: asyncio.Timeout) -> None:
        if not self._line.locked():
            await self._line.acquire()
            self._stall.record_progress()
            return
        if self._stall.stalled:
            raise TimeoutError("no connection comes back")
        self._limits.add(limit)
        self._stall.start()
        try:
            await self._line.acquire()
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
            self._line.release()
            self._stall.record_progress()


class InLine(PoolAcquireContext):
    """What `acquire` returns: to be awaited, or entered, as the pool's own."""

    def __init__(self, pool: BoundedPool, timeout: float | None) -> None:
        super().__init__(pool, timeout)
        self._take = pool.take

    async def __aenter__(self) -> Proxy:
        self.connection = await self._take(self.timeout)
        return self.connection

    def __await__(self) -> Generator[Any, None, Proxy]:
        return self._take(self.timeout).__await__()
