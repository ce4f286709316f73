"""Group commit: appends that arrive during a commit are committed together in the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from chassis.postgres.database import DEADLINE_SECONDS, UNAVAILABLE, retry_while_unavailable
from chassis.runtime.stall import StallWatch

MAX_BATCH = 500
MAX_WAITING = 5_000
STALLED_SECONDS = 2.0


class BatchItem(Protocol):
    def conflict_keys(self) -> set[object]:
        """Return the keys that no other item of the same batch may share."""
        ...


Item = TypeVar("Item", bound=BatchItem)
Result = TypeVar("Result")


class OverloadedError(Exception):
    """MAX_WAITING appends are waiting, or the running commit has stalled: the caller should retry later."""


class GroupCommit(Generic[Item, Result]):
    """One flusher per process: collects items while a commit runs, then commits them in one batch.

    `commit` must be idempotent per item: a batch whose outcome is unknown is sent again for DEADLINE_SECONDS. If a
    commit takes longer than STALLED_SECONDS, the items that wait for the next one are rejected; none of them was sent.
    """

    def __init__(self, commit: Callable[[Sequence[Item]], Awaitable[list[Result]]]) -> None:
        self._commit = commit
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._flusher: asyncio.Task[None] | None = None
        self._stall = StallWatch(STALLED_SECONDS, self._reject_waiting)

    async def submit(self, item: Item) -> Result:
        if len(self._waiting) >= MAX_WAITING:
            raise OverloadedError(f"{MAX_WAITING} appends are waiting")
        if self._stall.stalled:
            raise OverloadedError("the running commit has stalled")
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())
        return await future

    async def _flush(self) -> None:
        try:
            while self._waiting:
                self._stall.record_progress()
                self._stall.start()
                await self._commit_batch(self._next_batch())
        finally:
            self._stall.stop()
            self._stall.stalled = False
            self._flusher = None

    def _reject_waiting(self) -> None:
        fail_all(self._waiting, OverloadedError("the running commit has stalled"))
        self._waiting.clear()

    def _next_batch(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        """Take up to MAX_BATCH items that share no conflict key; the others wait for the next batch."""
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        deferred: list[tuple[Item, asyncio.Future[Result]]] = []
        used: set[object] = set()
        while self._waiting and len(batch) < MAX_BATCH:
            item, future = self._waiting.popleft()
            keys = item.conflict_keys()
            if used & keys:
                deferred.append((item, future))
            else:
                used |= keys
                batch.append((item, future))
        self._waiting.extendleft(reversed(deferred))
        return batch

    async def _commit_batch(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        items = [item for item, _ in batch]
        try:
            outcomes = await retry_while_unavailable(lambda: self._commit(items), deadline_seconds=DEADLINE_SECONDS)
        except UNAVAILABLE as error:
            fail_all(batch, error)
        except Exception as error:  # noqa: BLE001 - every error is raised to the caller of the item that causes it
            await self._isolate(batch, error)
        except BaseException as error:
            # On cancellation too, no caller may wait for a result that never comes.
            fail_all(batch, error)
            raise
        else:
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)

    async def _isolate(self, batch: list[tuple[Item, asyncio.Future[Result]]], error: Exception) -> None:
        """Commit the items one by one, so that one invalid item does not fail the others."""
        if len(batch) == 1:
            fail_all(batch, error)
            return
        for single in batch:
            await self._commit_batch([single])


def fail_all(batch: Iterable[tuple[Item, asyncio.Future[Result]]], error: BaseException) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
