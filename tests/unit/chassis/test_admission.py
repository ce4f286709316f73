"""Who is turned away on a real socket: at a glance or after a closer look, with the same words, and may ask again."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from chassis.http import admission
from chassis.http.admission import Crowd
from chassis.service import DOORS, Server, listeners, server_config
from tests.support.waiting import eventually
from tests.unit.chassis.issuer import SETTINGS, app_of

ASK = b"POST /v1/things HTTP/1.1\r\nHost: care.test\r\nX-Correlation-Id: mine\r\n"
PLAIN = ASK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = ASK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
PROBE = b"GET /livez HTTP/1.1\r\nHost: care.test\r\n\r\n"
LIMIT_SECONDS = 20.0


class Caller:
    """One connection, and the answers that came on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def said(self, *raw: bytes) -> tuple[bytes, dict[str, str], bytes]:
        """Send `raw`, each by itself, and return the status line, headers and body of the next answer."""
        for piece in raw:
            self._writer.write(piece)
            await asyncio.sleep(0)
        async with asyncio.timeout(LIMIT_SECONDS):
            head = await self._reader.readuntil(b"\r\n\r\n")
            status, *lines = head[:-4].decode().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            body = await self._reader.readexactly(int(headers["content-length"]))
        return status.encode(), headers, body

    async def end(self) -> bytes:
        async with asyncio.timeout(LIMIT_SECONDS):
            return await self._reader.read()

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A server as services start theirs, that takes in nobody but probes."""
    monkeypatch.setattr(admission, "MAX_AT_ONCE", 0)
    made = Server(server_config(app_of(), SETTINGS.model_copy(update={"port": 0})))
    task = asyncio.create_task(made._serve(listeners(made.config)))

    async def has_started() -> bool:
        return made.started

    await eventually(has_started)
    yield made
    made.should_exit = True
    await task


@pytest.fixture
async def caller(server: Server) -> AsyncIterator[Caller]:
    made = Caller(*await asyncio.open_connection("127.0.0.1", port_of(server)))
    yield made
    made.close()


def port_of(server: Server) -> int:
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


async def test_who_is_turned_away_may_ask_again_on_the_same_connection(caller: Caller) -> None:
    for _ in range(3):
        status, headers, body = await caller.said(PLAIN)
        assert (status, headers["retry-after"], headers["x-correlation-id"]) == (
            b"HTTP/1.1 503 Service Unavailable",
            "2",
            "mine",
        )
        assert (json.loads(body)["code"], json.loads(body)["instance"]) == ("overloaded", "/v1/things")
    assert (await caller.said(PROBE))[0] == b"HTTP/1.1 200 OK"


async def test_a_glance_and_a_closer_look_lead_to_the_same_words(caller: Caller) -> None:
    at_a_glance, after_a_look = await caller.said(PLAIN), await caller.said(CHUNKED)
    assert at_a_glance[0].split()[1] == after_a_look[0].split()[1]
    assert at_a_glance[1] | {"date": ""} == after_a_look[1] | {"date": ""}
    assert at_a_glance[2] == after_a_look[2]


async def test_who_is_turned_away_hears_it_in_chinese(caller: Caller) -> None:
    _, _, body = await caller.said(ASK + b"Accept-Language: zh-CN\r\n\r\n")
    assert json.loads(body)["title"] == "请求过多，请稍后重试"


async def test_a_body_that_follows_is_not_taken_for_another_request(caller: Caller) -> None:
    head = ASK + b"Content-Length: %d\r\n\r\n" % (2 * len(PROBE))
    assert b"503" in (await caller.said(head))[0]
    # The last piece holds the end of the body and the beginning of what is asked next.
    status, headers, _ = await caller.said(PROBE[:7], PROBE[7:] + PROBE + PLAIN[:9], PLAIN[9:])
    assert (status[9:12], headers["x-correlation-id"]) == (b"503", "mine")
    assert (await caller.said(PROBE))[0] == b"HTTP/1.1 200 OK"


async def test_requests_at_once_are_answered_one_by_one(caller: Caller) -> None:
    assert b"503" in (await caller.said(PLAIN + PROBE + PLAIN))[0]
    assert b"200" in (await caller.said())[0]
    assert b"503" in (await caller.said())[0]


async def test_a_request_in_pieces_is_answered_once(caller: Caller) -> None:
    assert b"503" in (await caller.said(PLAIN[:30], PLAIN[30:60], PLAIN[60:]))[0]
    assert (await caller.said(PROBE))[0] == b"HTTP/1.1 200 OK"


async def test_who_wants_to_go_is_let_go_after_the_answer(caller: Caller) -> None:
    assert b"503" in (await caller.said(ASK + b"Connection: close\r\n\r\n"))[0]
    assert await caller.end() == b""


async def test_a_request_that_has_been_answered_keeps_nobody_out(
    server: Server, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MAX_AT_ONCE", 1)
    # The server strikes a task off a moment after its answer, and the next request may come before that.
    struck_off_late = asyncio.create_task(asyncio.sleep(0))
    server.server_state.tasks.add(struck_off_late)
    for _ in range(3):
        assert b"503" not in (await caller.said(PLAIN))[0]
    assert Crowd.inside == 0
    server.server_state.tasks.discard(struck_off_late)


async def test_as_many_newcomers_are_taken_in_at_once_as_there_are_doors(server: Server) -> None:
    sockets = [each.sockets[0] for each in server.servers]
    assert len({each.fileno() for each in sockets}) == DOORS
    assert {each.getsockname()[1] for each in sockets} == {port_of(server)}


async def test_all_doors_are_shut_in_the_end(server: Server) -> None:
    port = port_of(server)

    async def nobody_listens() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            return True
        writer.close()
        return False

    server.should_exit = True
    await eventually(nobody_listens)
