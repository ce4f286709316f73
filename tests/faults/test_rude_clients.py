"""R44: huge, deeply nested, compressed and idle requests cost little memory, and do not affect other clients.

Both alone and behind nginx, but for what only nginx can promise; docs/security.md says why.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest

from chassis.http import slow_clients
from chassis.http.admission import MAX_CONCURRENT
from deploy.stack.ports import HOST
from tests.faults.support.deployment import Deployment, Process, host_and_port
from tests.faults.support.load import change, register, sender
from tests.faults.support.rude_clients import (
    MEBIBYTE,
    RUDE_REQUESTS,
    Memory,
    RudeRequest,
    idle_connections,
    send,
    unfinished_bodies,
    unfinished_heads,
)
from tests.support.nginx import ALONE, BEHIND_NGINX, in_form
from tests.support.servers import Database
from tests.support.waiting import background, eventually

MAX_GROWTH_BYTES = 20 * MEBIBYTE
# What the sockets of both sides hold, and what was read before the answer.
MAX_TAKEN_BYTES = 64 * MEBIBYTE
WARM = 200
TOO_MANY = 20
# As in deploy/nginx.
HEAD_SECONDS = 10.0
ENDINGS = {
    ALONE: {b"HTTP/1.1 408 Request Timeout\r\n": MAX_CONCURRENT, b"HTTP/1.1 503 Service Unavailable\r\n": TOO_MANY},
    # Closed without a response.
    BEHIND_NGINX: {b"": MAX_CONCURRENT + TOO_MANY},
}
REFUSED = (b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 414", b"HTTP/1.1 415", b"HTTP/1.1 422", b"HTTP/1.1 431")


class Neighbour:
    """A well-behaved client: every response must be the expected one."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._send = sender(client, lambda: url)
        self.took: list[float] = []

    async def warm_up(self) -> None:
        """Register a customer, and send enough requests to warm up the process."""
        self.customer = str((await self._send(register("neighbour"))).result["id"])
        for _ in range(WARM):
            await self.ask()

    async def ask(self) -> None:
        began = time.perf_counter()
        reply = await self._send(change(f"change-{began}", self.customer))
        self.took.append(time.perf_counter() - began)
        assert reply.status == httpx.codes.OK, reply

    async def go_on(self) -> None:
        while True:
            await self.ask()

    def p99(self) -> float:
        """Return the 99th percentile of the response times since the last call."""
        took, self.took = sorted(self.took), []
        return took[int(len(took) * 0.99)] if took else 0.0


@pytest.fixture
async def service(deployment: Deployment, database: Database) -> Process:
    return await deployment.start("customer", "api", database.app)


@pytest.fixture(params=[pytest.param(ALONE, marks=pytest.mark.nightly), BEHIND_NGINX])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def url(service: Process, form: str, tmp_path: Path) -> AsyncIterator[str]:
    """The address of the service."""
    _, port = host_and_port(service.url)
    async with in_form(form, port, tmp_path / "nginx") as reached:
        yield f"http://{HOST}:{reached}"


@pytest.fixture
async def neighbour(deployment: Deployment, url: str) -> AsyncIterator[Neighbour]:
    async with httpx.AsyncClient(headers=deployment.issuer.headers(), trust_env=False) as client:
        made = Neighbour(client, url)
        await made.warm_up()
        yield made


@pytest.fixture
def memory(service: Process) -> Memory:
    assert service.child.process is not None
    return Memory(service.child.process.pid)


def report(name: str, memory: Memory, before: int, alone: float, beside: float) -> None:
    """Print the memory and the response times; the times are not checked."""
    grown = (memory.most - before) / MEBIBYTE
    sys.stdout.write(f"R44 {name}: {grown:+.1f} MiB, neighbour's p99 {alone:.3f} s alone, {beside:.3f} s beside\n")


async def test_r44_abusive_requests_are_refused_and_free_their_memory(
    deployment: Deployment, url: str, form: str, neighbour: Neighbour, memory: Memory
) -> None:
    token = deployment.issuer.headers()["Authorization"]
    before, alone = memory.now(), neighbour.p99()

    async def refused(name: str, rude: RudeRequest) -> None:
        answer, sent = await send(url, rude, token)
        assert answer == b"" or answer.startswith(REFUSED), (name, answer)
        # nginx lets a client send for two more seconds, so that it can read the refusal; the service receives nothing.
        assert sent < MAX_TAKEN_BYTES or form == BEHIND_NGINX, (name, sent)

    async with background(neighbour.go_on, memory.observe):
        for name, rude in RUDE_REQUESTS.items():
            await refused(name, rude)
        await asyncio.gather(*(refused(name, rude) for name, rude in RUDE_REQUESTS.items()))
    report(f"rude requests {form}", memory, before, alone, neighbour.p99())
    assert memory.most - before < MAX_GROWTH_BYTES


@pytest.mark.parametrize("count", [1_200, pytest.param(5_000, marks=pytest.mark.nightly)])
async def test_r44_idle_connections_do_not_affect_other_clients(
    url: str, form: str, neighbour: Neighbour, memory: Memory, count: int
) -> None:
    before, alone = memory.now(), neighbour.p99()
    async with (
        background(neighbour.go_on, memory.observe),
        idle_connections(url, count),
        httpx.AsyncClient(trust_env=False) as stranger,
    ):
        assert (await stranger.get(f"{url}/livez")).status_code == httpx.codes.OK
    report(f"{count} idle connections {form}", memory, before, alone, neighbour.p99())
    assert memory.most - before < MAX_GROWTH_BYTES


@pytest.mark.nightly
async def test_r44_incomplete_bodies_free_their_slots(url: str, form: str, neighbour: Neighbour) -> None:
    """More requests than are admitted. Without nginx, others are served again after the time-out; behind it, always."""
    async with unfinished_bodies(url, MAX_CONCURRENT + TOO_MANY) as answers:
        if form == BEHIND_NGINX:
            await neighbour.ask()
        else:
            await eventually(lambda: is_full(answers))
            with pytest.raises(AssertionError, match="503"):
                await neighbour.ask()
        async with asyncio.timeout(3 * slow_clients.BODY_SECONDS):
            told = Counter(await asyncio.gather(*answers))
        await neighbour.ask()
    assert told == ENDINGS[form]


async def is_full(answers: Sequence[asyncio.Task[bytes]]) -> bool:
    return sum(answer.done() for answer in answers) == TOO_MANY


@pytest.mark.nightly
async def test_r44_incomplete_headers_do_not_affect_other_clients(url: str, form: str, neighbour: Neighbour) -> None:
    """Other clients do not wait in either form. Only nginx closes these connections."""
    async with unfinished_heads(url, MAX_CONCURRENT + TOO_MANY) as answers:
        await neighbour.ask()
        if form == BEHIND_NGINX:
            async with asyncio.timeout(3 * HEAD_SECONDS):
                assert set(await asyncio.gather(*answers)) == {b""}
