"""R44: huge, deep, packed and silent clients cost the service no memory to speak of, and their neighbours nothing."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from chassis.http import admission, slow_clients
from tests.faults.support.house import House, Process
from tests.faults.support.load import change, register, sender
from tests.faults.support.rude import MEBIBYTE, RUDE, Memory, Rude, idle_connections, send, unfinished_bodies
from tests.support.servers import Database
from tests.support.waiting import background, eventually

MAX_GROWTH_BYTES = 20 * MEBIBYTE
# What the sockets of both sides hold, and what was read before the answer.
MAX_TAKEN_BYTES = 64 * MEBIBYTE
WARM = 200
TOO_MANY = 20
REFUSED = (b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 414", b"HTTP/1.1 415", b"HTTP/1.1 422", b"HTTP/1.1 431")


class Neighbour:
    """A client who behaves, beside those who do not: every answer must be the one it came for."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._send = sender(client, lambda: url)
        self.took: list[float] = []

    async def settle_in(self) -> None:
        """Register a customer, and ask for so much that the process has what it needs."""
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
        """Return the slowest but one in a hundred since the last call."""
        took, self.took = sorted(self.took), []
        return took[int(len(took) * 0.99)] if took else 0.0


@pytest.fixture
async def service(house: House, database: Database) -> Process:
    return await house.start("customer", "api", database.app)


@pytest.fixture
async def neighbour(house: House, service: Process) -> AsyncIterator[Neighbour]:
    async with httpx.AsyncClient(headers=house.issuer.headers(), trust_env=False) as client:
        made = Neighbour(client, service.url)
        await made.settle_in()
        yield made


@pytest.fixture
def memory(service: Process) -> Memory:
    assert service.child.process is not None
    return Memory(service.child.process.pid)


def report(name: str, memory: Memory, before: int, alone: float, beside: float) -> None:
    """Print what it cost: the times are figures, not verdicts."""
    grown = (memory.most - before) / MEBIBYTE
    sys.stdout.write(f"R44 {name}: {grown:+.1f} MiB, neighbour's p99 {alone:.3f} s alone, {beside:.3f} s beside\n")


async def test_r44_rude_requests_are_refused_and_forgotten(
    house: House, service: Process, neighbour: Neighbour, memory: Memory
) -> None:
    token = house.issuer.headers()["Authorization"]
    before, alone = memory.now(), neighbour.p99()

    async def refused(name: str, rude: Rude) -> None:
        answer, sent = await send(service.url, rude, token)
        assert answer == b"" or answer.startswith(REFUSED), (name, answer)
        assert sent < MAX_TAKEN_BYTES, (name, sent)

    async with background(neighbour.go_on, memory.look):
        for name, rude in RUDE.items():
            await refused(name, rude)
        await asyncio.gather(*(refused(name, rude) for name, rude in RUDE.items()))
    report("rude requests", memory, before, alone, neighbour.p99())
    assert memory.most - before < MAX_GROWTH_BYTES


@pytest.mark.parametrize("count", [1_200, pytest.param(5_000, marks=pytest.mark.nightly)])
async def test_r44_connections_that_say_nothing_turn_nobody_away(
    service: Process, neighbour: Neighbour, memory: Memory, count: int
) -> None:
    before, alone = memory.now(), neighbour.p99()
    async with (
        background(neighbour.go_on, memory.look),
        idle_connections(service.url, count),
        httpx.AsyncClient(trust_env=False) as stranger,
    ):
        assert (await stranger.get(f"{service.url}/livez")).status_code == httpx.codes.OK
    report(f"{count} idle connections", memory, before, alone, neighbour.p99())
    assert memory.most - before < MAX_GROWTH_BYTES


@pytest.mark.nightly
async def test_r44_bodies_that_never_end_give_their_places_back(service: Process, neighbour: Neighbour) -> None:
    """More of them than may be inside at once: they are all told to go, and the neighbour is answered again."""
    async with unfinished_bodies(service.url, admission.MAX_CONCURRENT + TOO_MANY) as answers:

        async def is_full() -> bool:
            return sum(answer.done() for answer in answers) == TOO_MANY

        await eventually(is_full)
        with pytest.raises(AssertionError, match="503"):
            await neighbour.ask()
        async with asyncio.timeout(3 * slow_clients.BODY_SECONDS):
            told = await asyncio.gather(*answers)
        await neighbour.ask()
    assert told.count(b"HTTP/1.1 408 Request Timeout\r\n") == admission.MAX_CONCURRENT
    assert told.count(b"HTTP/1.1 503 Service Unavailable\r\n") == len(told) - admission.MAX_CONCURRENT
