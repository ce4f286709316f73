"""A lock between processes, so that two runs do not download the same files at the same time."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.2


@asynccontextmanager
async def file_lock(path: Path) -> AsyncIterator[None]:
    """Hold the lock for the duration of the block. The operating system releases it if the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        while not acquire(file):  # noqa: ASYNC110 - another process sends no event
            await asyncio.sleep(POLL_SECONDS)
        yield


def acquire(file: IO[str]) -> bool:
    """Lock the file without waiting. Return whether this succeeded."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
