"""A pool of connections in which nobody waits for long, and nobody waits for a task of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy

from chassis.runtime.stall import StallWatch

Proxy: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
Get: TypeAlias = Callable[[float | None], Awaitable[Proxy]]

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
        return super().acquire(timeout=timeout)

    async def _acquire(
        self,
        timeout: float | None,  # noqa: ASYNC109 - the name is asyncpg's
    ) -> Proxy:
        # The pool's own way to get one, which its types keep to themselves. Given a time it would begin a task for it.
        get: Get = super()._acquire  # type: ignore[misc]
        async with asyncio.timeout(timeout) as limit:
            await self._wait_in_line(limit)
            try:
                got = await get(None)
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
            if not await is_given_back(connection, timeout):
                await super().release(connection, timeout=timeout)
        finally:
            self._line.release()
            self._stall.record_progress()


async def is_given_back(proxy: Proxy, timeout: float | None) -> bool:  # noqa: ASYNC109 - as `release` is asked
    """Give a connection back as the pool does, but in no task of its own; tell whether that could be done.

    It cannot while a transaction or a cancelling is under way on the server: then somebody has to wait for its end.
    """
    # The pool offers no other way that begins no task.
    held: Any = proxy._con  # type: ignore[attr-defined] # noqa: SLF001
    if held is None or held.is_closed() or held.is_in_transaction() or held._protocol._is_cancelling():  # noqa: SLF001
        return False
    held._on_release()  # noqa: SLF001
    await proxy._holder.release(timeout)  # noqa: SLF001
    return True
