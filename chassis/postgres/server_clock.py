"""The clock of a database server. It dates the events; the clock of a process may differ from it (ADR 0029)."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from chassis.postgres.database import Pool

ASK_SECONDS: Final = 60.0


class ServerClock:
    """Asks the server every ASK_SECONDS, and counts the seconds between."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._asked: tuple[float, datetime] | None = None

    async def now(self) -> datetime:
        loop = asyncio.get_running_loop()
        if self._asked is None or loop.time() - self._asked[0] > ASK_SECONDS:
            self._asked = loop.time(), await self._pool.fetchval("SELECT clock_timestamp()")
        asked_at, told = self._asked
        return told + timedelta(seconds=loop.time() - asked_at)
