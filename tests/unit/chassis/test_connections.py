"""Who has done nothing for longest gives place to who comes; nobody whose request is under way does."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI

from chassis import connections
from chassis.service import server_config
from tests.support.waiting import eventually
from tests.unit.chassis.issuer import SETTINGS

MAX, GIVING_PLACE = 5, 2
ASK = b"GET /slow HTTP/1.1\r\nHost: care.test\r\n\r\n"
Socket = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = asyncio.Event()
        self.app = FastAPI()
        self.app.add_api_route("/slow", self.answer)

    async def answer(self) -> str:
        self.asked += 1
        await self.answers.wait()
        return "at last"

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
