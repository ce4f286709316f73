"""A command over HTTP, with token, policy, relation and Idempotency-Key, against a bare route with the same body."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from time import perf_counter
from uuid import uuid4

import httpx

from chassis.postgres.database import Pool
from deploy.stack.layout import Layout
from deploy.stack.ports import free_port
from tests.bench.harness import processes
from tests.bench.harness.measuring import Bed, Figure, cost, interleaved, rate, running
from tests.bench.harness.processes import process_of, processor_seconds_of
from tests.bench.stack.http_load import answers_per_second, post
from tests.support.waiting import eventually

CONNECTIONS = 32
TARGET = 0.5
BARE = "tests.bench.stack.bare_route"
SELLER = "E1007"
TIMEOUT_SECONDS = 30.0
SETTLE_SECONDS = 180.0
BEHIND = """
    SELECT (SELECT position FROM store_head) > least(
        (SELECT position FROM relay_cursor),
        (SELECT coalesce(max(position), 0) FROM consumer_position WHERE consumer = 'customer-list'))
"""

Request = Callable[[int, int], bytes]


async def measure(bed: Bed) -> list[Figure]:
    return [
        *await with_role(bed, "api", "command over HTTP", TARGET),
        *await with_role(bed, "all", "command over HTTP, relay and list in the same process", None),
    ]


@dataclass
class Server:
    """A process under load, and how much processor time it took for a request in each round."""

    url: str
    module: str
    request: Request
    milliseconds: list[float] = field(default_factory=list)

    async def requests_per_second(self, seconds: float) -> float:
        process, began = process_of(self.module, self.url.rpartition(":")[2]), perf_counter()
        used = processor_seconds_of(process)
        found = await answers_per_second(self.url, CONNECTIONS, seconds, self.request)
        answered = found * (perf_counter() - began)
        self.milliseconds.append((processor_seconds_of(process) - used) * 1_000 / answered)
        return found


async def with_role(bed: Bed, role: str, name: str, target: float | None) -> list[Figure]:
    """Measure the service started with `role`, and the bare route, each a process of its own."""
    layout, bare_port, seconds = Layout(free_port()), free_port(), bed.effort.seconds
    service_url, bare_url = layout.url("customer"), f"http://127.0.0.1:{bare_port}"
    async with bed.store() as (database, pool):
        environment = processes.environment(bed, layout, database)
        service = processes.python("customer", ["services.customer", role], service_url, bed, environment)
        there = environment | {"CARE_PORT": str(bare_port)}
        bare = processes.python("bare", [BARE], bare_url, bed, there)
        async with running(processes.issuer(bed, layout)), running(service, bare):
            request = await requests(service_url, layout.issuer)
            served, floor = Server(service_url, "services.customer", request), Server(bare_url, BARE, request)

            async def floor_in_quiet() -> float:
                if role == "all":
                    await until_caught_up(pool)
                return await floor.requests_per_second(seconds)

            await answers_per_second(service_url, CONNECTIONS, seconds / 2, request)
            ours, floors = await interleaved(
                bed.effort.rounds, partial(served.requests_per_second, seconds), floor_in_quiet
            )
            return [
                rate(name, "requests/s", ours, floors, target),
                cost(f"{name}, processor time", "ms", served.milliseconds, floor.milliseconds, target),
            ]


async def until_caught_up(pool: Pool) -> None:
    """Wait until nothing that the service was asked for keeps it busy any more."""

    async def caught_up() -> bool:
        return not await pool.fetchval(BEHIND)

    await eventually(caught_up, within=SETTLE_SECONDS)


async def requests(service_url: str, issuer_url: str) -> Request:
    """Return what to ask: each time another profile for a customer of the connection's own, under a new key."""
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        asked = {"subject": SELLER, "roles": ["sales"]}
        token = (await client.post(f"{issuer_url}/token", json=asked)).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        customers = await register(client, service_url, headers)
    numbers = count()

    def request(connection: int, _asked: int) -> bytes:
        profile = {"region": f"上海 {next(numbers)}", "industry": "制造业", "need_type": "云服务器"}
        path = f"/v1/customers/{customers[connection]}/profile"
        return post(path, {"profile": profile}, headers | {"Idempotency-Key": str(uuid4())})

    return request


async def register(client: httpx.AsyncClient, url: str, headers: dict[str, str]) -> Sequence[str]:
    found = []
    for number in range(CONNECTIONS):
        body = {"name": f"Company {number}", "owner_id": SELLER}
        answer = await client.post(f"{url}/v1/customers", json=body, headers=headers)
        found.append(str(answer.raise_for_status().json()["id"]))
    return found
