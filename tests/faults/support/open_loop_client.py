"""An open-loop client: it sends requests at a fixed rate, independent of the responses."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.stack.http_load import Connection
from tests.faults.support.deployment import host_and_port

PATIENCE_SECONDS = 60.0
# The maximum number of connections of a load balancer. Further requests wait before they are sent.
CONNECTIONS = 800


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a request, with its duration from when it was sent. Without a status there was no response."""

    number: int
    status: int | None
    took: float
    body: bytes = b""


@dataclass
class OpenLoopClient:
    """Sends requests to `url`, on up to CONNECTIONS connections."""

    url: str
    ended: list[Result] = field(default_factory=list)
    _free: list[Connection] = field(default_factory=list)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))

    async def send(self, requests: Sequence[bytes], per_second: float) -> float:
        """Send `per_second` requests; return the seconds until all had ended."""
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, request in enumerate(requests):
                if (early := began + number / per_second - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                group.create_task(self._ask(number, request))
        return time.perf_counter() - began

    async def _ask(self, number: int, request: bytes) -> None:
        status, body, sent_at = None, b"", time.perf_counter()
        async with self._slots:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    connection = self._free.pop() if self._free else await self._connect()
                    sent_at = time.perf_counter()
                    status, body = await connection.answer_to(request)
                self._free.append(connection)
            except OSError:
                pass
        self.ended.append(Result(number, status, time.perf_counter() - sent_at, body))

    async def _connect(self) -> Connection:
        place, loop = host_and_port(self.url), asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, *place)
        return connection

    def statuses(self) -> Counter[int | None]:
        return Counter(each.status for each in self.ended)

    def within(self, share: float, *statuses: int) -> float:
        """Return the duration within which `share` of the responses with these statuses arrived."""
        took = sorted(each.took for each in self.ended if each.status in statuses)
        return took[int((len(took) - 1) * share)] if took else 0.0

    def close(self) -> None:
        for connection in self._free:
            connection.close()
