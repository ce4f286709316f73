"""Admission control on a real socket: a rejected request gets a problem document, and the connection stays usable."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends
from prometheus_client import REGISTRY

from chassis import service
from chassis.http import admission
from chassis.http.access import Allow
from chassis.http.access import Caller as Authorized
from chassis.http.admission import Admission
from chassis.http.body import StrictRoute
from chassis.http.problems import MEDIA_TYPE
from tests.unit.chassis.issuer import Issuer, app_of
from tests.unit.chassis.serving import Caller, calling, serving

ASK = b"POST /v1/things HTTP/1.1\r\nHost: care.test\r\nX-Correlation-Id: mine\r\n"
PLAIN = ASK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = ASK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
PROBE = b"GET /livez HTTP/1.1\r\nHost: care.test\r\n\r\n"


@pytest.fixture
async def caller(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Caller]:
    """A caller of a server that admits only probes."""
    monkeypatch.setattr(admission, "MAX_CONCURRENT", 0)
    async with serving(app_of()) as port, calling(port) as made:
        yield made


def rejected() -> float:
    return REGISTRY.get_sample_value("care_rejected_requests_total") or 0.0


@pytest.mark.parametrize("raw", [PLAIN, CHUNKED], ids=["a told length", "in chunks"])
async def test_after_a_rejection_the_connection_can_be_used_again(caller: Caller, raw: bytes) -> None:
    before = rejected()
    for _ in range(3):
        status, headers, body = await caller.ask(raw)
        assert status.split()[1] == b"503"
        assert (headers["retry-after"], headers["x-correlation-id"]) == ("2", "mine")
        assert (json.loads(body)["code"], json.loads(body)["instance"]) == ("overloaded", "/v1/things")
    assert rejected() == before + 3
    assert (await caller.ask(PROBE))[0] == b"HTTP/1.1 200 OK"


async def test_a_rejection_is_in_chinese_if_preferred(caller: Caller) -> None:
    _, _, body = await caller.ask(ASK + b"Accept-Language: zh-CN\r\n\r\n")
    assert json.loads(body)["title"] == "请求过多，请稍后重试"


async def test_the_body_of_a_rejected_request_is_not_parsed_as_the_next_request(caller: Caller) -> None:
    status, headers, _ = await caller.ask(ASK + b"Content-Length: %d\r\n\r\n" % (2 * len(PROBE)))
    assert (status.split()[1], headers["x-correlation-id"]) == (b"503", "mine")
    assert b"503" in (await caller.ask(PROBE + PROBE + PLAIN))[0]
    assert (await caller.ask(PROBE))[0] == b"HTTP/1.1 200 OK"


async def test_an_answered_request_frees_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_CONCURRENT", 1)
    async with serving(app_of()) as port, calling(port) as caller:
        for _ in range(3):
            assert (await caller.ask(PLAIN))[0].split()[1] == b"404"
    assert Admission.admitted == 0


@pytest.mark.parametrize("count", [admission.MAX_CONCURRENT])
async def test_idle_connections_occupy_no_slot(count: int) -> None:
    async with serving(app_of()) as port:
        idle = [calling(port) for _ in range(2 * count)]
        for each in idle:
            await each.__aenter__()
        async with calling(port) as caller:
            assert (await caller.ask(PLAIN))[0].split()[1] == b"404"
        for each in idle:
            await each.__aexit__(None, None, None)


async def test_a_request_that_outlasts_the_server_gets_a_problem(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "GRACE_SECONDS", 1)
    router, begun = APIRouter(route_class=StrictRoute), asyncio.Event()

    @router.get("/v1/endless")
    async def wait(_caller: Annotated[Authorized, Depends(Allow())]) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with AsyncExitStack() as open_connections:
        async with serving(app_of(router)) as port:
            caller = await open_connections.enter_async_context(calling(port))
            token = f"Authorization: Bearer {issuer.token()}\r\n"
            caller.send(f"GET /v1/endless HTTP/1.1\r\nHost: care.test\r\n{token}\r\n".encode())
            await begun.wait()
        status, headers, body = await caller.answer()
    assert (status.split()[1], headers["content-type"], headers["connection"]) == (b"503", MEDIA_TYPE, "close")
    assert (headers["retry-after"], json.loads(body)["code"], Admission.admitted) == ("2", "unavailable", 0)
