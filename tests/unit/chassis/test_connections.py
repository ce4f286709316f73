"""Who has done nothing for longest gives place to who comes; nobody whose request is under way does."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI, Request

from chassis.http import connections
from chassis.service import server_config
from tests.support.waiting import eventually
from tests.unit.chassis.issuer import SETTINGS

MAX, GIVING_PLACE = 5, 2
SHORT_SECONDS = 0.2
ASK = b"GET /slow HTTP/1.1\r\nHost: care.test\r\n\r\n"
Socket = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = asyncio.Event()
        self.app = FastAPI()
        self.app.add_api_route("/slow", self.answer)
        self.app.add_api_route("/later", self.count_later, methods=["POST"])
        self.app.add_api_route("/count", self.count, methods=["POST"])

    async def answer(self) -> str:
        self.asked += 1
        await self.answers.wait()
        return "at last"

    async def count(self, request: Request) -> int:
        self.asked += 1
        return len(await request.body())

    async def count_later(self, request: Request) -> int:
        self.asked += 1
        await self.answers.wait()
        return len(await request.body())

    async def has_been_asked(self) -> bool:
        return self.asked > 0


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
async def port(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", MAX)
    monkeypatch.setattr(connections, "GIVING_PLACE", GIVING_PLACE)
    server = uvicorn.Server(server_config(slow.app, SETTINGS.model_copy(update={"port": 0})))
    task = asyncio.create_task(server._serve())

    async def has_started() -> bool:
        return server.started

    await eventually(has_started)
    yield server.servers[0].sockets[0].getsockname()[1]
    slow.answers.set()
    server.should_exit = True
    await task


async def test_the_idle_ones_give_place_and_the_busy_one_does_not(port: int, slow: Slow) -> None:
    busy, *idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX)]
    busy[1].write(ASK)
    await eventually(slow.has_been_asked)
    more = await asyncio.open_connection("127.0.0.1", port)
    assert [await said(each) for each in idle[:GIVING_PLACE]] == [b"", b""]
    slow.answers.set()
    assert b"200" in await said(busy)
    for each in (*idle[GIVING_PLACE:], more):
        each[1].write(ASK)
        assert b"200" in await said(each)
    for _, writer in (busy, *idle, more):
        writer.close()


async def said(each: Socket) -> bytes:
    async with asyncio.timeout(60):
        return await each[0].readline()


def post(length: int, *more: str) -> bytes:
    lines = ["POST /count HTTP/1.1", "Host: care.test", f"Content-Length: {length}", *more, "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(("more", "title"), [((), "came too slowly"), (("Accept-Language: zh-CN",), "请求体传输过慢")])
async def test_a_body_that_does_not_come_ends_the_request_with_a_problem(
    port: int, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], title: str
) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", SHORT_SECONDS)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(10, *more) + b"some")
    async with asyncio.timeout(60):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    document = json.loads(body)
    assert (document["code"], document["status"], document["instance"]) == ("request-timeout", 408, "/count")
    assert title in document["title"]
    writer.close()


async def test_a_body_that_comes_steadily_may_take_longer(
    port: int, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", SHORT_SECONDS)
    monkeypatch.setattr(connections, "MIN_BYTES_PER_SECOND", 1 / 60)
    monkeypatch.setattr(connections, "LOOK_AGAIN_SECONDS", 0.01)
    each = await asyncio.open_connection("127.0.0.1", port)
    each[1].write(post(2))
    await eventually(slow.has_been_asked)
    each[1].write(b"x")
    await asyncio.sleep(2 * SHORT_SECONDS)
    each[1].write(b"x")
    assert b"200" in await said(each)
    each[1].close()


async def test_a_request_that_waited_behind_another_is_watched_as_well(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", SHORT_SECONDS)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(1) + b"x" + post(2) + b"x")
    async with asyncio.timeout(60):
        await reader.readuntil(b"\r\n\r\n1")
        assert b"408" in await reader.readline()
    writer.close()


async def test_each_request_on_a_connection_has_a_time_of_its_own(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", 600.0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(2).replace(b"/count", b"/nowhere") + b"x")
    async with asyncio.timeout(60):
        await reader.readuntil(b'{"detail":"Not Found"}')
        monkeypatch.setattr(connections, "BODY_SECONDS", SHORT_SECONDS)
        writer.write(b"x" + post(2) + b"x")
        assert b"408" in await reader.readline()
    writer.close()


async def test_who_waits_to_be_asked_for_a_body_is_not_late(
    port: int, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", SHORT_SECONDS)
    each = await asyncio.open_connection("127.0.0.1", port)
    each[1].write(post(1, "Expect: 100-continue").replace(b"/count", b"/later"))
    await eventually(slow.has_been_asked)
    await asyncio.sleep(2 * SHORT_SECONDS)
    slow.answers.set()
    assert b"100 Continue" in await said(each)
    each[1].write(b"x")
    await each[0].readline()
    assert b"200" in await said(each)
    each[1].close()
