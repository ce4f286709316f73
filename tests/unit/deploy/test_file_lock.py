"""The lock between processes."""

import asyncio
from pathlib import Path

from deploy.stack.file_lock import file_lock


async def test_the_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    lock, within, most = tmp_path / "new" / "lock", 0, 0

    async def fetch() -> None:
        nonlocal within, most
        async with file_lock(lock):
            within += 1
            most = max(most, within)
            await asyncio.sleep(0)
            within -= 1

    await asyncio.gather(*(fetch() for _ in range(5)))
    assert (within, most) == (0, 1)
