"""Two that want to fetch the same do so one after the other."""

import asyncio
from pathlib import Path

from deploy.stack.alone import alone


async def test_nobody_is_within_while_another_is(tmp_path: Path) -> None:
    lock, within, most = tmp_path / "new" / "lock", 0, 0

    async def fetch() -> None:
        nonlocal within, most
        async with alone(lock):
            within += 1
            most = max(most, within)
            await asyncio.sleep(0)
            within -= 1

    await asyncio.gather(*(fetch() for _ in range(5)))
    assert (within, most) == (0, 1)
