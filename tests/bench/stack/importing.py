"""An import of customers, against the same customers registered by single requests, in the same process."""

from functools import partial
from itertools import count
from time import perf_counter
from uuid import uuid4

import httpx

from deploy.stack.layout import Layout
from deploy.stack.ports import free_port
from tests.bench.harness import processes
from tests.bench.harness.measuring import Bed, Figure, interleaved, rate, running
from tests.bench.stack.http_load import answers_per_second, post
from tests.support.waiting import eventually

ROWS_A_SECOND = 500
CONNECTIONS = 32
OFFICE = {"subject": "ops", "roles": ["ops"]}
TIMEOUT_SECONDS = 60.0
TAKE_IN_SECONDS = 300.0
NUMBERS = count()


async def measure(bed: Bed) -> list[Figure]:
    """Return rows a second; the floor is requests a second on CONNECTIONS connections."""
    layout = Layout(free_port())
    url = layout.url("customer")
    async with bed.store() as (database, _):
        environment = processes.environment(bed, layout, database)
        service = processes.python("customer", ["services.customer", "all"], url, bed, environment)
        client = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False)
        async with running(processes.issuer(bed, layout)), running(service), client:
            answered = await client.post(f"{layout.issuer}/token", json=OFFICE)
            headers = {"Authorization": f"Bearer {answered.raise_for_status().json()['access_token']}"}
            client.headers.update(headers)
            rows = round(bed.effort.seconds * ROWS_A_SECOND)
            ours, floors = await interleaved(
                bed.effort.rounds,
                partial(rows_per_second, client, rows),
                partial(answers_per_second, url, CONNECTIONS, bed.effort.seconds, partial(registration, headers)),
            )
    return [rate("import of customers, against single requests", "rows/s", ours, floors)]


async def rows_per_second(client: httpx.AsyncClient, rows: int) -> float:
    """Send a file and wait until each row is in."""
    lines = ["客户编号,客户名称,行业,地区", *(f"K-{number},公司{number},制造业,上海" for number in numbers(rows))]
    started_at = perf_counter()
    sent = await client.post("/v1/imports", content="\n".join(lines).encode(), headers={"Content-Type": "text/csv"})
    address = sent.raise_for_status().headers["location"]

    async def taken_in() -> bool:
        return bool((await client.get(address)).raise_for_status().json()["status"] == "succeeded")

    await eventually(taken_in, within=TAKE_IN_SECONDS)
    seconds = perf_counter() - started_at
    failed = (await client.get(f"{address}/rows", params={"outcome": "failed"})).raise_for_status().json()["items"]
    if failed:
        raise AssertionError(f"{len(failed)} rows were refused")
    return rows / seconds


def registration(headers: dict[str, str], _connection: int, _asked: int) -> bytes:
    (number,) = numbers(1)
    body = {
        "name": f"公司{number}",
        "external": {"system": "file", "id": f"S-{number}"},
        "profile": {"industry": "制造业", "region": "上海"},
    }
    return post("/v1/customers", body, headers | {"Idempotency-Key": str(uuid4())})


def numbers(size: int) -> list[int]:
    return [next(NUMBERS) for _ in range(size)]
