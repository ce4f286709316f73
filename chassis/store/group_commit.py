"""Appends that arrive while a commit is under way are flushed together in the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from chassis.postgres.database import DEADLINE_SECONDS, UNAVAILABLE, retry_while_unavailable
from chassis.runtime.stall import StallWatch

MAX_BATCH = 500
MAX_WAITING = 5_000
STALLED_SECONDS = 2.0


class Claiming(Protocol):
    def claims(self) -> set[object]:
        """Return what no other item of the same batch may claim."""
        ...


I = TypeVar("I", bound=Claiming)  # noqa: E741 - I is the item, O what becomes of it
O = TypeVar("O")  # noqa: E741


class OverloadedError(Exception):
    """More appends wait than MAX_WAITING, or nothing moves: the caller should come back later."""


class GroupCommit(Generic[I, O]):
    """One flusher per process: collects while the last commit runs, then commits all at once.

    `commit` must be idempotent per item: a batch whose outcome is unknown is sent again until
    DEADLINE_SECONDS have passed. After STALLED_SECONDS, whoever waits behind it is refused: nothing of that was sent.
    """

    def __init__(self, commit: Callable[[Sequence[I]], Awaitable[list[O]]]) -> None:
        self._commit = commit
        self._waiting: deque[tuple[I, asyncio.Future[O]]] = deque()
        self._flusher: asyncio.Task[None] | None = None
        self._stall = StallWatch(STALLED_SECONDS, self._refuse_waiting)

    async def submit(self, item: I) -> O:
        if len(self._waiting) >= MAX_WAITING:
            raise OverloadedError(f"{MAX_WAITING} appends are waiting")
        if self._stall.stalled:
            raise OverloadedError("the last commit has not come to its end")
        future: asyncio.Future[O] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())
        return await future

    async def _flush(self) -> None:
        try:
            while self._waiting:
                self._stall.record_progress()
                self._stall.start()
                await self._settle(self._next_batch())
        finally:
            self._stall.stop()
            self._stall.stalled = False
            self._flusher = None

    def _refuse_waiting(self) -> None:
        refuse(self._waiting, OverloadedError("the commit before has not come to its end"))
        self._waiting.clear()

    def _next_batch(self) -> list[tuple[I, asyncio.Future[O]]]:
        """Take what fits together; rivals for one key or one version wait for the next round."""
        batch: list[tuple[I, asyncio.Future[O]]] = []
        rivals: list[tuple[I, asyncio.Future[O]]] = []
        claimed: set[object] = set()
        while self._waiting and len(batch) < MAX_BATCH:
            item, future = self._waiting.popleft()
            wanted = item.claims()
            if claimed & wanted:
                rivals.append((item, future))
            else:
                claimed |= wanted
                batch.append((item, future))
        self._waiting.extendleft(reversed(rivals))
        return batch

    async def _settle(self, batch: list[tuple[I, asyncio.Future[O]]]) -> None:
        items = [item for item, _ in batch]
        try:
            outcomes = await retry_while_unavailable(lambda: self._commit(items), deadline_seconds=DEADLINE_SECONDS)
        except UNAVAILABLE as error:
            refuse(batch, error)
        except Exception as error:  # noqa: BLE001 - whatever it is goes to the caller whose item it is
            await self._isolate(batch, error)
        except BaseException as error:
            # Whatever happened, nobody may be left waiting for an answer that cannot come.
            refuse(batch, error)
            raise
        else:
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)

    async def _isolate(self, batch: list[tuple[I, asyncio.Future[O]]], error: Exception) -> None:
        """One bad item must not refuse its neighbours: send them one by one."""
        if len(batch) == 1:
            refuse(batch, error)
            return
        for single in batch:
            await self._settle([single])


def refuse(batch: Iterable[tuple[I, asyncio.Future[O]]], error: BaseException) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
