"""Waits for an asyncio event with a timeout."""

import asyncio


async def wait_with_timeout(event: asyncio.Event, seconds: float) -> None:
    """Return when `event` is set, or after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
