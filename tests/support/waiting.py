"""Waits for a condition with a deadline."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from chassis.postgres.database import UNAVAILABLE

# Much longer than anything takes on a busy machine; only a failing test waits this long.
DEADLINE_SECONDS = 120.0
STEP_SECONDS = 0.05


async def eventually(condition: Callable[[], Awaitable[bool]], *, within: float = DEADLINE_SECONDS) -> None:
    """Return once `condition` is true; fail the test if it is not true in time."""
    async with asyncio.timeout(within):
        while not await condition():
            await asyncio.sleep(STEP_SECONDS)


def lasting(run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Return `run` with restarts after a short outage of PostgreSQL or Kafka, as under a service's supervisor."""

    async def go_on() -> None:
        while True:
            try:
                return await run()
            except UNAVAILABLE:
                await asyncio.sleep(STEP_SECONDS)

    return go_on


@asynccontextmanager
async def background(*runs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run each during the block; one that fails meanwhile ends the block with its error."""
    block = asyncio.current_task()
    failures: list[BaseException] = []

    async def guarded(run: Callable[[], Awaitable[None]]) -> None:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the test
            failures.append(error)
            if block:
                block.cancel()

    tasks = [asyncio.create_task(guarded(run)) for run in runs]
    try:
        yield
    except asyncio.CancelledError:
        if not failures:
            raise
        raise failures[0] from None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
