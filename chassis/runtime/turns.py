"""Bounded turns of the event loop: long work pauses, so that other tasks, such as `/livez`, do not wait for its end."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")

# To decode and apply this many events takes a few milliseconds.
EVENTS_PER_TURN = 50


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield each item, and let the other tasks run after every EVENTS_PER_TURN items."""
    for number, item in enumerate(items, 1):
        yield item
        if number % EVENTS_PER_TURN == 0:
            await asyncio.sleep(0)
