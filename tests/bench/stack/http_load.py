"""A minimal HTTP load client: it shares the machine with the service under test, so it must be cheap."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
DEADLINE_SECONDS = 30.0
SUCCESS = range(200, 300)


class RefusedError(Exception):
    """An answer under load was not a success, so the figure would mean nothing."""


class Connection(asyncio.Protocol):
    """One connection that is kept, with one request on its way at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        found = CONTENT_LENGTH.search(self._received, 0, head_end)
        end = head_end + 4 + (int(found.group(1)) if found else 0)
        if len(self._received) >= end and self._answer and not self._answer.done():
            self._answer.set_result((int(self._received[9:12]), bytes(self._received[head_end + 4 : end])))
            del self._received[:end]

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the server closed the connection"))

    async def ask(self, request: bytes) -> bytes:
        """Return the body of the answer; raise RefusedError unless it is a success."""
        status, body = await self.answer_to(request)
        if status not in SUCCESS:
            raise RefusedError(f"{status}: {body.decode(errors='replace')[:500]}")
        return body

    async def answer_to(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body, whatever they are."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("not connected")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport:
            self._transport.close()


@asynccontextmanager
async def connections(url: str, count: int) -> AsyncIterator[list[Connection]]:
    place, loop = urlsplit(url), asyncio.get_running_loop()
    host, port = place.hostname or "127.0.0.1", place.port or 80
    opened: list[Connection] = []
    try:
        for _ in range(count):
            _, connection = await loop.create_connection(Connection, host, port)
            opened.append(connection)
        yield opened
    finally:
        for connection in opened:
            connection.close()


def post(path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    content = json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


async def answers_per_second(url: str, count: int, seconds: float, request: Callable[[int, int], bytes]) -> float:
    """Let `count` connections ask without a pause; `request` is given the connection's number and a running one."""
    async with connections(url, count) as opened, asyncio.timeout(seconds + DEADLINE_SECONDS):
        started_at = perf_counter()

        async def ask(number: int, connection: Connection) -> int:
            asked = 0
            while perf_counter() < started_at + seconds:
                await connection.ask(request(number, asked))
                asked += 1
            return asked

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask(number, connection)) for number, connection in enumerate(opened)]
        return sum(task.result() for task in tasks) / (perf_counter() - started_at)
