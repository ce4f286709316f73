"""Group commit: appends that arrive during a commit are committed together in the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from chassis.postgres.database import DEADLINE_SECONDS, UNAVAILABLE, retry_while_unavailable
from chassis.runtime.stall import GRACE_SECONDS, StallWatch

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
    """MAX_WAITING appends are waiting, or they wait for too long: the caller should retry later."""


class Waiting(NamedTuple, Generic[Item, Result]):
    """An item, the future of its result, and the event loop's time at which it was submitted."""

    item: Item
    future: asyncio.Future[Result]
    since: float


class GroupCommit(Generic[Item, Result]):
    """One flusher per process: collects items while a commit runs, then commits them in one batch.

    `commit` must be idempotent per item: a batch whose outcome is unknown is sent again. An item waits for its batch
    for at most STALLED_SECONDS; then it is rejected, and was not sent. A batch ends DEADLINE_SECONDS after its oldest
    item was submitted, so no caller waits longer than that.
    """

    def __init__(self, commit: Callable[[Sequence[Item]], Awaitable[list[Result]]]) -> None:
        self._commit = commit
        self._waiting: deque[Waiting[Item, Result]] = deque()
        self._flusher: asyncio.Task[None] | None = None
        self._stall = StallWatch(STALLED_SECONDS, self._reject_waiting)

    async def submit(self, item: Item) -> Result:
        if len(self._waiting) >= MAX_WAITING:
            raise OverloadedError(f"{MAX_WAITING} appends are waiting")
        if self._stall.stalled:
            raise OverloadedError("the running commit has stalled")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append(Waiting(item, future, loop.time()))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())
        return await future

    async def _flush(self) -> None:
        try:
            while batch := self._next_batch():
                self._stall.record_progress()
                self._stall.start()
                await self._commit_batch(batch, batch[0].since + DEADLINE_SECONDS)
        finally:
            self._stall.stop()
            self._stall.stalled = False
            self._flusher = None

    def _reject_waiting(self) -> None:
        fail_all(self._waiting, OverloadedError("the running commit has stalled"))
        self._waiting.clear()

    def _next_batch(self) -> list[Waiting[Item, Result]]:
        """Take up to MAX_BATCH items that share no conflict key, oldest first; the others wait for the next batch."""
        batch: list[Waiting[Item, Result]] = []
        deferred: list[Waiting[Item, Result]] = []
        used: set[object] = set()
        earliest = asyncio.get_running_loop().time() - STALLED_SECONDS - GRACE_SECONDS
        while self._waiting and len(batch) < MAX_BATCH:
            waiting = self._waiting.popleft()
            keys = waiting.item.conflict_keys()
            if waiting.since < earliest:
                fail_all([waiting], OverloadedError("the append has waited for too long"))
            elif used & keys:
                deferred.append(waiting)
            else:
                used |= keys
                batch.append(waiting)
        self._waiting.extendleft(reversed(deferred))
        return batch

    async def _commit_batch(self, batch: list[Waiting[Item, Result]], give_up_at: float) -> None:
        items = [waiting.item for waiting in batch]
        seconds = give_up_at - asyncio.get_running_loop().time()
        try:
            outcomes = await retry_while_unavailable(lambda: self._commit(items), deadline_seconds=seconds)
        except UNAVAILABLE as error:
            fail_all(batch, error)
        except Exception as error:  # noqa: BLE001 - every error is raised to the caller of the item that causes it
            await self._isolate(batch, error, give_up_at)
        except BaseException as error:
            # On cancellation too, no caller may wait for a result that never comes.
            fail_all(batch, error)
            raise
        else:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if not waiting.future.done():
                    waiting.future.set_result(outcome)

    async def _isolate(self, batch: list[Waiting[Item, Result]], error: Exception, give_up_at: float) -> None:
        """Commit the items one by one until `give_up_at`, so that one invalid item does not fail the others."""
        if len(batch) == 1:
            fail_all(batch, error)
            return
        loop = asyncio.get_running_loop()
        for single in batch:
            if loop.time() < give_up_at:
                await self._commit_batch([single], give_up_at)
            else:
                fail_all([single], OverloadedError("the batch was rolled back, and took too long to split"))


def fail_all(batch: Iterable[Waiting[Item, Result]], error: BaseException) -> None:
    for waiting in batch:
        if not waiting.future.done():
            waiting.future.set_exception(error)
