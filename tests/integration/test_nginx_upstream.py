"""nginx in front of a service that breaks off: no command is sent twice, and every answer is a problem document."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from chassis.http import problems
from deploy.stack.ports import HOST
from tests.support.nginx import nginx

IDLE_CONNECTIONS = 8
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Upstream:
    """Answers requests to /v1/things, and closes the connection of any other request without an answer."""

    received: Counter[str] = field(default_factory=Counter)
    hosts: set[str] = field(default_factory=set)
    together: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(IDLE_CONNECTIONS))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await self.head_of(reader):
            request, *headers = head.split("\r\n")
            method, path, _ = request.split(" ")
            self.received[f"{method} {path}"] += 1
            self.hosts |= {line.partition(": ")[2] for line in headers if line.lower().startswith("host:")}
            if not path.startswith(("/v1/things", "/livez")):
                break
            if path == "/v1/things/at-once":
                await self.together.wait()
            writer.write(ANSWER)
        writer.close()

    async def head_of(self, reader: asyncio.StreamReader) -> str:
        try:
            return (await reader.readuntil(b"\r\n\r\n")).decode()
        except (asyncio.IncompleteReadError, ConnectionError):
            return ""


@asynccontextmanager
async def upstream() -> AsyncIterator[tuple[Upstream, int]]:
    made = Upstream()
    server = await asyncio.start_server(made.serve, HOST, 0)
    async with server:
        yield made, server.sockets[0].getsockname()[1]


@pytest.fixture
async def breaking(tmp_path: Path) -> AsyncIterator[tuple[Upstream, httpx.AsyncClient]]:
    async with (
        upstream() as (made, port),
        nginx(tmp_path, f"{HOST}:{port}") as front,
        httpx.AsyncClient(base_url=f"http://{HOST}:{front}", trust_env=False, timeout=30) as client,
    ):
        yield made, client


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "PATCH"])
async def test_a_command_is_sent_once_even_over_many_idle_connections(
    breaking: tuple[Upstream, httpx.AsyncClient], method: str
) -> None:
    made, client = breaking
    await asyncio.gather(*(client.get("/v1/things/at-once") for _ in range(IDLE_CONNECTIONS)))

    answer = await client.request(method, "/v1/broken")

    assert made.received[f"{method} /v1/broken"] == 1
    assert answer.json()["code"] == "unavailable"


async def test_one_broken_request_takes_no_process_out_of_service(
    breaking: tuple[Upstream, httpx.AsyncClient],
) -> None:
    _, client = breaking
    await client.put("/v1/broken")
    assert (await client.get("/v1/things")).status_code == 200


async def test_a_probe_of_http_1_0_without_a_host_is_answered(breaking: tuple[Upstream, httpx.AsyncClient]) -> None:
    made, client = breaking
    reader, writer = await asyncio.open_connection(HOST, client.base_url.port)
    writer.write(b"GET /livez HTTP/1.0\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    assert made.hosts == {"localhost"}
    writer.close()


@pytest.mark.parametrize(
    "head",
    [
        "POST /v1/things HTTP/1.1\r\nHost: care.test\r\nTransfer-Encoding: identity\r\n\r\n",
        "GET /v1/things HTTP/2.0\r\nHost: care.test\r\n\r\n",
        "GET /v1 HTTP/1.1\r\nHost: care.test\r\nConnection: close\r\n\r\n",
    ],
    ids=["an unknown transfer encoding", "an unknown version", "no slash"],
)
async def test_what_nginx_refuses_is_a_problem_document(
    breaking: tuple[Upstream, httpx.AsyncClient], head: str
) -> None:
    made, client = breaking
    reader, writer = await asyncio.open_connection(HOST, client.base_url.port)
    writer.write(head.encode())
    async with asyncio.timeout(20):
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    writer.close()
    assert f"content-type: {problems.MEDIA_TYPE}" in answer
    assert "x-correlation-id: " in answer
    assert made.received.total() == 0
