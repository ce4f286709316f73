"""A request that is not valid HTTP/1.1 gets a problem like any other refusal, and its connection ends."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from chassis.commands.problem import CATALOGUE
from chassis.http.access import Allow, Caller
from chassis.http.body import StrictRoute
from chassis.http.problems import MEDIA_TYPE
from chassis.service import HEADER_LIMIT_BYTES
from tests.unit.chassis.issuer import Issuer, app_of
from tests.unit.chassis.serving import calling, serving

Guarded = Annotated[Caller, Depends(Allow())]
HEAD = b"GET /v1/things HTTP/1.1\r\nHost: care.test\r\n"
INVALID_HEADS = {
    "no HTTP at all": b"no HTTP at all\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "no version": b"GET /v1/things\r\n\r\n",
    "a space in the address": b"GET /v1/my things HTTP/1.1\r\nHost: care.test\r\n\r\n",
    "a control character in the address": b"GET /v1/\x01 HTTP/1.1\r\nHost: care.test\r\n\r\n",
    "no host": b"GET /v1/things HTTP/1.1\r\n\r\n",
    "two hosts": HEAD + b"Host: care.test\r\n\r\n",
    "a space in a name": HEAD + b"Bad Name: x\r\n\r\n",
    "a line without a colon": HEAD + b"nothing\r\n\r\n",
    "a NUL in a value": HEAD + b"X: a\x00b\r\n\r\n",
    "a length that is no number": HEAD + b"Content-Length: many\r\n\r\n",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "an unknown transfer encoding": HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
}
LARGE_HEADS = {
    "a large header": HEAD + b"X: " + b"x" * HEADER_LIMIT_BYTES,
    "many headers": HEAD + b"X: x\r\n" * (HEADER_LIMIT_BYTES // 6),
    "a long address": b"GET /" + b"x" * HEADER_LIMIT_BYTES,
}
TRACE_ID = "23bf89c96c8e873ef65657cfe82c9451"
INVALID_CHUNKS = {
    "no number": b"many\r\nhello\r\n",
    "a negative size": b"-5\r\nhello\r\n",
    "more than its size": b"2\r\nhello\r\n",
    "a size without end": b"1" * (2 * HEADER_LIMIT_BYTES),
}


def router_of(seen: list[str]) -> APIRouter:
    router = APIRouter(prefix="/v1", route_class=StrictRoute)

    @router.api_route("/things", methods=["GET", "HEAD", "POST"])
    async def read(request: Request, _caller: Guarded) -> int:
        size = len(await request.body())
        seen.append(request.method)
        return size

    @router.post("/stream")
    async def stream(_caller: Guarded) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"begun"
            await asyncio.Event().wait()

        return StreamingResponse(pieces())

    return router


@pytest.fixture
def seen() -> list[str]:
    """The methods of the requests whose bodies the application has read."""
    return []


@pytest.fixture
async def port(issuer: Issuer, seen: list[str]) -> AsyncIterator[int]:
    assert issuer.published
    async with serving(app_of(router_of(seen))) as served:
        yield served


def chunked(issuer: Issuer, path: str, *, method: str = "POST", **more: str) -> bytes:
    """Return the head of a request with a body in chunks."""
    named = {"Host": "care.test", "Transfer-Encoding": "chunked", **issuer.headers(**more)}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "\r\n"]).encode()


async def refusal(port: int, raw: bytes, code: str) -> tuple[dict[str, str], dict[str, object]]:
    """Send `raw`; return headers and problem of the answer, after which the connection must end."""
    async with calling(port) as caller:
        status, headers, body = await caller.ask(raw)
        assert await caller.rest() == b""
    assert int(status.split()[1]) == CATALOGUE[code][0]
    assert (headers["content-type"], headers["connection"]) == (MEDIA_TYPE, "close")
    found = json.loads(body)
    assert (found["type"], found["code"], found["retryable"]) == (f"/problems/{code}", code, False)
    return headers, found


@pytest.mark.parametrize("raw", INVALID_HEADS.values(), ids=INVALID_HEADS)
async def test_an_invalid_head_is_a_problem(port: int, raw: bytes) -> None:
    headers, found = await refusal(port, raw, "bad-request")
    assert (found["detail"], found["instance"]) == ("The request line or a header is not valid HTTP/1.1.", "/")
    assert headers["x-correlation-id"] == str(UUID(headers["x-correlation-id"]))


@pytest.mark.parametrize("raw", LARGE_HEADS.values(), ids=LARGE_HEADS)
async def test_a_head_that_is_too_large_is_a_problem_that_names_the_limit(port: int, raw: bytes) -> None:
    _, found = await refusal(port, raw, "head-too-large")
    assert f"more than {HEADER_LIMIT_BYTES // 1024} KiB" in str(found["detail"])


async def test_a_head_that_fits_is_read(port: int, issuer: Issuer) -> None:
    head = HEAD + f"Authorization: Bearer {issuer.token()}\r\n".encode()
    padding = b"X: " + b"x" * (HEADER_LIMIT_BYTES - len(head) - 7)
    async with calling(port) as caller:
        status, _, body = await caller.ask(head + padding + b"\r\n\r\n")
    assert (status.split()[1], body) == (b"200", b"0")


async def test_an_invalid_head_after_another_request_is_a_problem_too(port: int, issuer: Issuer) -> None:
    async with calling(port) as caller:
        good = HEAD + f"Authorization: Bearer {issuer.token()}\r\n\r\n".encode()
        assert (await caller.ask(good))[0].startswith(b"HTTP/1.1 200")
        status, headers, body = await caller.ask(b"no HTTP at all\r\n\r\n")
        assert await caller.rest() == b""
    assert (status.split()[1], headers["content-type"]) == (b"400", MEDIA_TYPE)
    assert json.loads(body)["code"] == "bad-request"


@pytest.mark.parametrize("raw", INVALID_CHUNKS.values(), ids=INVALID_CHUNKS)
async def test_an_invalid_chunk_is_a_problem_of_its_request(
    port: int, issuer: Issuer, seen: list[str], caplog: pytest.LogCaptureFixture, raw: bytes
) -> None:
    caplog.set_level(logging.ERROR)
    head = chunked(
        issuer,
        "/v1/things",
        accept_language="zh",
        x_correlation_id="call-7",
        traceparent=f"00-{TRACE_ID}-{'1' * 16}-01",
    )
    headers, found = await refusal(port, head + raw, "bad-request")
    assert (found["detail"], found["instance"]) == ("请求体的分块不符合 HTTP/1.1。", "/v1/things")
    assert (headers["x-correlation-id"], found["trace_id"]) == ("call-7", TRACE_ID)
    assert seen == []
    assert caplog.messages == []


async def test_the_answer_to_an_invalid_head_request_has_no_content(port: int, issuer: Issuer) -> None:
    async with calling(port) as caller:
        caller.send(chunked(issuer, "/v1/things", method="HEAD") + b"many\r\n")
        head, _, content = (await caller.rest()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert content == b""


async def test_an_invalid_chunk_after_the_response_has_begun_ends_the_connection(
    port: int, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    async with calling(port) as caller:
        caller.send(chunked(issuer, "/v1/stream") + b"5\r\nhello\r\n")
        begun = await caller.reader.readuntil(b"begun")
        assert begun.startswith(b"HTTP/1.1 200")
        caller.send(b"many\r\n")
        assert b"HTTP/1.1" not in await caller.rest()
    assert caplog.messages == []
