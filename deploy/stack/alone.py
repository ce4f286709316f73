"""One at a time: two runs on one machine fetch nothing at once, and the second finds what the first has fetched."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.2


@asynccontextmanager
async def alone(lock: Path) -> AsyncIterator[None]:
    """Wait until no other process is within such a block; the system ends the block of one that dies."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        while not _got(file):  # noqa: ASYNC110 - another process sends no event
            await asyncio.sleep(POLL_SECONDS)
        yield


def _got(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
