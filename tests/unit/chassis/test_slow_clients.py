"""Slow clients: a body that does not arrive, or a response that is not read, ends the request and frees its slot."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated

import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, Request, Response
from prometheus_client import REGISTRY
from starlette.middleware import Middleware
from starlette.responses import StreamingResponse

from chassis import service
from chassis.http import connection, slow_clients
from chassis.http.access import Allow, Caller
from chassis.http.admission import Admission
from chassis.http.body import StrictRoute
from chassis.http.connection import MAX_CHUNK_BYTES, Connection
from chassis.http.slow_clients import SlowClients
from tests.support.waiting import eventually
from tests.unit.chassis.issuer import SETTINGS, Issuer, app_of
from tests.unit.chassis.serving import calling, serving

SHORT_SECONDS = 0.2
# More than the socket buffers of both sides hold.
LARGE = 24 * 1024 * 1024
LARGE_ANSWERS = {"in one piece": "/v1/whole", "in many pieces": "/v1/pieces"}
Guarded = Annotated[Caller, Depends(Allow())]


def router_of() -> APIRouter:
    router = APIRouter(prefix="/v1", route_class=StrictRoute)

    @router.post("/count")
    async def count(request: Request, _caller: Guarded) -> int:
        return len(await request.body())

    @router.post("/described")
    async def described(text: Annotated[str, Body()], _caller: Guarded) -> str:
        return text

    @router.get("/whole")
    async def large(_caller: Guarded) -> Response:
        return Response(b"x" * LARGE)

    @router.get("/pieces")
    async def chunked(_caller: Guarded) -> Response:
        return StreamingResponse(b"x" * 100_000 for _ in range(LARGE // 100_000))

    return router


@pytest.fixture
async def port(issuer: Issuer) -> AsyncIterator[int]:
    assert issuer.published
    async with serving(app_of(router_of())) as served:
        yield served


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "BODY_SECONDS", SHORT_SECONDS)


@pytest.fixture
def head(issuer: Issuer) -> str:
    token = issuer.headers()["Authorization"]
    return f" HTTP/1.1\r\nHost: care.test\r\nX-Correlation-Id: mine\r\nAuthorization: {token}\r\n"


def post(head: str, length: int, *more: str) -> bytes:
    return "\r\n".join([f"POST /v1/count{head}Content-Length: {length}", *more, "", ""]).encode()


def counted(name: str) -> float:
    return REGISTRY.get_sample_value(name) or 0.0


async def nobody_is_admitted() -> bool:
    return Admission.admitted == 0


async def are_unread(count: int) -> bool:
    return len(Connection.unread) == count


async def have_been_closed(count: float) -> bool:
    return counted("care_slow_readers_total") == count


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("language", "title"), [("en", "came too slowly"), ("zh-CN", "请求体传输过慢")])
async def test_a_body_that_does_not_arrive_gets_a_problem(port: int, head: str, language: str, title: str) -> None:
    before = counted("care_slow_request_bodies_total")
    async with calling(port) as caller:
        status, headers, body = await caller.ask(post(head, 10, f"Accept-Language: {language}") + b"some")
        assert await caller.rest() == b""
    assert (status.split()[1], headers["x-correlation-id"], headers["connection"]) == (b"408", "mine", "close")
    document = json.loads(body)
    assert (document["code"], document["status"], document["instance"]) == ("request-timeout", 408, "/v1/count")
    assert title in document["title"]
    assert counted("care_slow_request_bodies_total") == before + 1
    await eventually(nobody_is_admitted)


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_arrives_in_single_bytes_is_ended_too(port: int, head: str) -> None:
    async with calling(port) as caller:
        caller.send(post(head, 1_000))
        answer = asyncio.create_task(caller.answer())
        while not answer.done():
            caller.send(b"x")
            await asyncio.sleep(SHORT_SECONDS / 10)
        assert answer.result()[0].split()[1] == b"408"


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_arrives_steadily_may_take_longer(
    port: int, head: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_clients, "MIN_BYTES_PER_SECOND", 1 / 60)
    async with calling(port) as caller:
        caller.send(post(head, 2) + b"x")
        await asyncio.sleep(2 * SHORT_SECONDS)
        status, _, body = await caller.ask(b"x")
    assert (status.split()[1], body) == (b"200", b"2")


@pytest.mark.usefixtures("impatient")
async def test_each_request_on_a_connection_has_its_own_time_limit(port: int, head: str) -> None:
    async with calling(port) as caller:
        assert (await caller.ask(post(head, 1) + b"x" + post(head, 2) + b"x"))[2] == b"1"
        assert (await caller.answer())[0].split()[1] == b"408"


@pytest.mark.usefixtures("impatient")
async def test_a_slow_body_without_a_token_is_ended_too(port: int) -> None:
    anonymous = " HTTP/1.1\r\nHost: care.test\r\n"
    async with calling(port) as caller:
        caller.send(post(anonymous, 1_000).replace(b"/v1/count", b"/v1/described"))
        answer = asyncio.create_task(caller.answer())
        while not answer.done():
            caller.send(b" ")
            await asyncio.sleep(SHORT_SECONDS / 10)
        assert answer.result()[0].split()[1] == b"408"


async def test_a_body_that_goes_on_after_the_response_is_ended(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REST_SECONDS", SHORT_SECONDS)
    before = counted("care_slow_request_bodies_total")
    async with calling(port) as caller:
        status, _, _ = await caller.ask(post(" HTTP/1.1\r\nHost: care.test\r\n", 1_000) + b"some")
        assert status.split()[1] == b"401"
        while counted("care_slow_request_bodies_total") == before:
            caller.send(b"x")
            await asyncio.sleep(SHORT_SECONDS / 10)


async def test_a_body_that_ends_after_the_response_keeps_the_connection(
    port: int, head: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REST_SECONDS", SHORT_SECONDS)
    async with calling(port) as caller:
        await caller.ask(post(" HTTP/1.1\r\nHost: care.test\r\n", 5) + b"some")
        caller.send(b"x")
        await asyncio.sleep(2 * SHORT_SECONDS)
        assert (await caller.ask(post(head, 1) + b"x"))[2] == b"1"


@pytest.mark.usefixtures("impatient")
async def test_the_time_before_the_body_is_read_does_not_count() -> None:
    may_read, asked = asyncio.Event(), asyncio.Event()

    async def count_later(request: Request) -> Response:
        asked.set()
        await may_read.wait()
        return Response(str(len(await request.body())))

    app = FastAPI(middleware=[Middleware(SlowClients)])
    app.add_route("/later", count_later, methods=["POST"])
    async with serving(app) as port, calling(port) as caller:
        head = b"POST /later HTTP/1.1\r\nHost: care.test\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
        caller.send(head)
        await asked.wait()
        await asyncio.sleep(2 * SHORT_SECONDS)
        may_read.set()
        assert (await caller.answer())[0].startswith(b"HTTP/1.1 100")
        assert (await caller.ask(b"x"))[2] == b"1"


@pytest.mark.parametrize("path", LARGE_ANSWERS.values(), ids=LARGE_ANSWERS.keys())
async def test_63_a_response_that_is_not_read_holds_no_slot(port: int, head: str, path: str) -> None:
    async with calling(port) as caller:
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        caller.send(f"GET {path}{head}\r\n".encode())
        await eventually(lambda: are_unread(1))
        assert Admission.admitted == 0


@pytest.mark.parametrize("path", LARGE_ANSWERS.values(), ids=LARGE_ANSWERS.keys())
async def test_63_a_connection_whose_client_does_not_read_in_time_is_closed(
    port: int, head: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "READ_SECONDS", SHORT_SECONDS)
    before = counted("care_slow_readers_total")
    async with calling(port) as caller:
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        caller.send(f"GET {path}{head}\r\n".encode())
        await eventually(lambda: have_been_closed(before + 1))
        assert not Connection.unread


async def test_63_a_client_that_reads_each_chunk_in_time_gets_the_whole_response(
    port: int, head: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "READ_SECONDS", 10 * SHORT_SECONDS)
    async with calling(port) as caller:
        caller.send(f"GET /v1/whole{head}Connection: close\r\n\r\n".encode())
        received = 0
        for _ in range(20):
            received += len(await caller.reader.read(MAX_CHUNK_BYTES))
            await asyncio.sleep(SHORT_SECONDS)
        assert received + len(await caller.rest()) > LARGE


async def test_63_above_the_limit_the_oldest_connection_that_is_not_read_is_closed(
    port: int, head: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_UNREAD", 2)
    before = counted("care_slow_readers_total")
    async with AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(calling(port)) for _ in range(3)]
        for number, caller in enumerate(callers):
            caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
            caller.send(f"GET /v1/whole{head}\r\n".encode())
            await eventually(partial(are_unread, min(number + 1, 2)))
        await eventually(lambda: have_been_closed(before + 1))
        first, *others = callers
        first.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert len(await first.rest()) < LARGE
        for caller in others:
            caller.writer.transport.resume_reading()  # type: ignore[attr-defined]
            assert len((await caller.answer())[2]) == LARGE


async def test_63_a_connection_whose_client_reads_nothing_buffers_two_chunks(port: int, head: str) -> None:
    async with calling(port) as caller:
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        caller.send(100 * f"GET /v1/whole{head}\r\n".encode())
        await eventually(lambda: are_unread(1))
        protocol = next(iter(Connection.unread))
        assert protocol.transport.get_write_buffer_size() <= 2 * MAX_CHUNK_BYTES


@pytest.mark.parametrize("path", LARGE_ANSWERS.values(), ids=LARGE_ANSWERS.keys())
async def test_a_large_response_that_is_read_is_complete(port: int, head: str, path: str) -> None:
    async with calling(port) as caller:
        caller.send(f"GET {path}{head}Connection: close\r\n\r\n".encode())
        received = await caller.rest()
    assert received.partition(b"\r\n\r\n")[2].count(b"x") >= LARGE // 100_000 * 100_000


async def test_a_client_that_reads_nothing_is_disconnected(
    issuer: Issuer, head: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the limit, the server would wait for ever to send the rest of the response."""
    assert issuer.published
    monkeypatch.setattr(service, "UNREAD_SECONDS", 1)

    async def is_disconnected() -> bool:
        try:
            client.send(b"x")
        except ConnectionError:
            return True
        return False

    async with serving(app_of(router_of())) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(f"GET /v1/whole{head}\r\n".encode())
            await eventually(is_disconnected, within=30)


def test_63_the_kernel_buffers_a_limited_part_of_a_response() -> None:
    with service.listener(service.server_config(app_of(), SETTINGS.model_copy(update={"port": 0}))) as opened:
        # Linux reports twice the size.
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) in {
            service.SEND_BUFFER_BYTES,
            2 * service.SEND_BUFFER_BYTES,
        }
