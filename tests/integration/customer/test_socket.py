"""The service on a real socket, alone and behind nginx: bad clients are rejected and do not delay others."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from chassis.http.body import MAX_BODY_BYTES
from chassis.postgres.database import Pool
from chassis.service import HEADER_LIMIT_BYTES
from tests.integration.customer.conftest import service_on
from tests.support.nginx import ALONE, FORMS, in_form
from tests.unit.chassis.issuer import Issuer
from tests.unit.chassis.serving import serving

MEBIBYTE = 1024 * 1024
HUGE_HEADER_BYTES = 40 * MEBIBYTE
HEAD = b"GET /livez HTTP/1.1\r\nHost: care.test\r\n"


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def port(pool: Pool, issuer: Issuer, form: str, tmp_path: Path) -> AsyncIterator[int]:
    """The port of a server as services start theirs, or of nginx in front of it."""
    assert issuer.published
    async with serving(service_on(pool).app) as served, in_form(form, served, tmp_path / "nginx") as reached:
        yield reached


async def answer_to(port: int, raw: bytes, *, within: float = 60.0) -> bytes:
    """Send `raw` and return what comes back until the server closes."""
    async with asyncio.timeout(within):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            for start in range(0, len(raw), MEBIBYTE):
                writer.write(raw[start : start + MEBIBYTE])
                await writer.drain()
        received = b""
        with suppress(ConnectionError):
            received = await reader.read()
        writer.close()
        return received


async def test_an_ordinary_request_is_answered(port: int, form: str) -> None:
    received = await answer_to(port, HEAD + b"Connection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200")
    named = [line for line in received.splitlines() if line.lower().startswith(b"server:")]
    assert named == ([] if form == ALONE else [b"Server: nginx"])


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"X-Huge: " + b"x" * HUGE_HEADER_BYTES + b"\r\n\r\n",
        HEAD + b"X-Many: x\r\n" * 100_000 + b"\r\n",
        b"GET /" + b"a" * (2 * HEADER_LIMIT_BYTES) + b" HTTP/1.1\r\n\r\n",
        b"x" * (2 * HEADER_LIMIT_BYTES),
    ],
    ids=["40 MB in one header", "100,000 headers", "an endless address", "no HTTP at all"],
)
async def test_a_head_beyond_all_measure_is_refused_or_cut_off(port: int, raw: bytes) -> None:
    received = await answer_to(port, raw)
    assert received == b"" or received.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))
    assert (await answer_to(port, HEAD + b"Connection: close\r\n\r\n")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Bad Name: x\r\n\r\n",
        HEAD + b"X: a\x00b\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n\r\n",
    ],
    ids=["two lengths", "a negative length", "a space in a name", "a NUL", "no host"],
)
async def test_a_head_that_two_servers_could_read_differently_is_refused(port: int, raw: bytes) -> None:
    received = await answer_to(port, raw + HEAD + b"Connection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 400")
    assert b"HTTP/1.1 200" not in received


async def test_clients_that_never_finish_do_not_delay_others(port: int) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
    for _, writer in slow:
        writer.write(HEAD + b"X-Slow: ")
        await writer.drain()
    started_at = time.monotonic()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answers = [(await client.get("/livez")).status_code for _ in range(20)]
    assert answers == [200] * 20
    assert time.monotonic() - started_at < 30
    for _, writer in slow:
        writer.close()


async def test_a_body_without_end_is_refused_while_it_is_still_being_sent(port: int, issuer: Issuer) -> None:
    head = b"POST /v1/customers HTTP/1.1\r\nHost: care.test\r\nTransfer-Encoding: chunked\r\n"
    named = "".join(f"{name}: {value}\r\n" for name, value in issuer.headers(content_type="application/json").items())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head + named.encode() + b"\r\n")
    for _ in range(MAX_BODY_BYTES // 0x1000 + 1):
        writer.write(b"1000\r\n" + b" " * 0x1000 + b"\r\n")
    async with asyncio.timeout(60):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()


async def test_a_body_too_large_is_a_problem_over_the_wire_too(port: int, issuer: Issuer) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        response = await client.post("/v1/customers", content=b" " * 100_000, headers=issuer.headers("ops", "ops"))
    assert (response.status_code, response.json()["code"]) == (413, "too-large")
