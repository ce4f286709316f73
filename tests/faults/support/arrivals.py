"""An open-loop client: requests come at their own times, whatever becomes of the ones before."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.stack.http_load import Connection
from tests.faults.support.house import host_and_port

PATIENCE_SECONDS = 60.0
# As many as a balancer would open at most; what comes beyond waits before it is sent.
CONNECTIONS = 800


@dataclass(frozen=True, slots=True)
class Ended:
    """How a request ended, and how long its answer took from when it was sent. No status: there was no answer."""

    number: int
    status: int | None
    took: float
    body: bytes = b""


@dataclass
class Arrivals:
    """Asks `url`, on as many connections as it takes."""

    url: str
    ended: list[Ended] = field(default_factory=list)
    _free: list[Connection] = field(default_factory=list)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))

    async def come(self, requests: Sequence[bytes], per_second: float) -> float:
        """Send each request at its own time; returns how long it took until all had ended."""
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, request in enumerate(requests):
                if (early := began + number / per_second - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                group.create_task(self._ask(number, request))
        return time.perf_counter() - began

    async def _ask(self, number: int, request: bytes) -> None:
        status, body, sent_at = None, b"", time.perf_counter()
        async with self._places:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    connection = self._free.pop() if self._free else await self._connect()
                    sent_at = time.perf_counter()
                    status, body = await connection.answer_to(request)
                self._free.append(connection)
            except OSError:
                pass
        self.ended.append(Ended(number, status, time.perf_counter() - sent_at, body))

    async def _connect(self) -> Connection:
        place, loop = host_and_port(self.url), asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, *place)
        return connection

    def statuses(self) -> Counter[int | None]:
        return Counter(each.status for each in self.ended)

    def within(self, share: float, *statuses: int) -> float:
        """Return the time within which `share` of the answers with these statuses came."""
        took = sorted(each.took for each in self.ended if each.status in statuses)
        return took[int((len(took) - 1) * share)] if took else 0.0

    def close(self) -> None:
        for connection in self._free:
            connection.close()
