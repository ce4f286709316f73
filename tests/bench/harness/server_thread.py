"""Runs the servers in a thread with asyncio's own loop, because uvloop cannot start processes as another user."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractAsyncContextManager, contextmanager
from threading import Event
from typing import Any, TypeVar

T = TypeVar("T")


@contextmanager
def aside(manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Hold `manager` open while the block lasts; raise what entering or leaving it raises."""
    entered: Future[T] = Future()
    leave = Event()

    async def hold() -> None:
        async with manager as made:
            entered.set_result(made)
            await asyncio.to_thread(leave.wait)

    # The thread lasts as long as the servers: a child is tied to the thread that started it.
    with ThreadPoolExecutor(1) as thread:
        holding = thread.submit(asyncio.run, hold())
        try:
            either: list[Future[Any]] = [entered, holding]
            wait(either, return_when=FIRST_COMPLETED)
            if not entered.done():
                holding.result()
            yield entered.result()
        finally:
            leave.set()
            holding.result()
