"""Case 63: clients that send requests and read no response lock nobody out, with or without a token, in both forms."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from chassis.http.admission import MAX_CONCURRENT
from deploy.stack.ports import HOST
from tests.faults.support.deployment import Deployment, Process, host_and_port
from tests.faults.support.rude_clients import MEBIBYTE, Memory, silent_reader
from tests.faults.test_rude_clients import Neighbour
from tests.support.nginx import ALONE, FORMS, in_form
from tests.support.servers import Database
from tests.support.waiting import background

SILENT = MAX_CONCURRENT + 20
# So many start together: fewer than are admitted. All are there before a client is closed for not reading.
WAVE = 10
ASKS = 40
# More responses than the buffers of the sockets hold.
REQUESTS = 30
PATHS = {
    "a document": "/openapi.json",
    "metrics": "/metrics",
    "a problem": "/v1/" + 8_000 * "x",
}
# Behind nginx, callers with a token can have more requests in progress than are admitted: nginx buffers for them.
CASES = [
    *(
        pytest.param(form, path, id=f"{name} {form}", marks=() if name == "a problem" else pytest.mark.nightly)
        for form in FORMS
        for name, path in PATHS.items()
    ),
    pytest.param(ALONE, "/v1/customers/{id}/events?limit=200", id="a list alone"),
]
MAX_GROWTH_BYTES = 40 * MEBIBYTE


@pytest.fixture
async def service(deployment: Deployment, database: Database) -> Process:
    return await deployment.start("customer", "api", database.app)


@pytest.fixture
async def url(service: Process, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of the service, alone and behind nginx."""
    _, port = host_and_port(service.url)
    async with in_form(request.param, port, tmp_path / "nginx") as reached:
        yield f"http://{HOST}:{reached}"


@pytest.mark.parametrize(("url", "path"), CASES, indirect=["url"])
async def test_63_clients_that_read_no_response_do_not_affect_others(
    deployment: Deployment, service: Process, url: str, path: str
) -> None:
    headers = deployment.issuer.headers()
    assert service.child.process is not None
    memory = Memory(service.child.process.pid)
    async with httpx.AsyncClient(headers=headers, trust_env=False) as client, AsyncExitStack() as silent:
        neighbour = Neighbour(client, url)
        await neighbour.warm_up()
        before, alone = memory.now(), neighbour.p99()
        requests = REQUESTS * request(path, neighbour.customer, headers["Authorization"])
        async with background(memory.observe):
            for number in range(SILENT):
                await silent.enter_async_context(silent_reader(url, requests))
                if number % WAVE == 0:
                    await neighbour.ask()
            for _ in range(ASKS):
                await neighbour.ask()
    grown = memory.most - before
    sys.stdout.write(
        f"63 {path[:20]} {url}: {grown / MEBIBYTE:+.1f} MiB, p99 {alone:.3f} s alone, {neighbour.p99():.3f} s beside\n"
    )
    assert grown < MAX_GROWTH_BYTES


def request(path: str, customer: str, token: str) -> bytes:
    """Return a request for `path`; with the token only if the path names the customer."""
    target = path.format(id=customer)
    authorization = f"Authorization: {token}\r\n" if target != path else ""
    return f"GET {target} HTTP/1.1\r\nHost: care.test\r\n{authorization}\r\n".encode()
