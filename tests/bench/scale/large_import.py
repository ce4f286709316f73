"""A file of very many orders against single requests: speed, memory, and how long a short file waits beside it."""

from functools import partial
from itertools import count
from pathlib import Path
from statistics import mean
from time import perf_counter
from uuid import uuid4

import httpx

from deploy.stack.layout import Layout
from deploy.stack.ports import free_port
from tests.bench.harness import processes
from tests.bench.harness.measuring import Bed, Figure, rate, running
from tests.bench.harness.processes import process_of
from tests.bench.stack.http_load import answers_per_second, post
from tests.support.waiting import eventually

CUSTOMERS = 2_000
CONNECTIONS = 32
OFFICE = {"subject": "ops", "roles": ["ops"]}
REQUEST_SECONDS = 120.0
IMPORT_SECONDS = 3_600.0
TARGET_RATIO = 1.5
TARGET_MEGABYTES = 200.0
TARGET_WAIT_SECONDS = 5.0
CSV = {"Content-Type": "text/csv"}
NUMBERS = count()
Found = tuple[float, float]


async def measure(bed: Bed, orders: int) -> list[Figure]:
    """Return rows a second, against requests a second before and after; the wait of a short file; the most memory."""
    layout = Layout(free_port())
    url = layout.url("customer")
    async with bed.store() as (database, _):
        environment = processes.environment(bed, layout, database)
        service = processes.python("customer", ["services.customer", "all"], url, bed, environment)
        client = httpx.AsyncClient(base_url=url, timeout=REQUEST_SECONDS, trust_env=False)
        async with running(processes.issuer(bed, layout)), running(service), client:
            answered = await client.post(f"{layout.issuer}/token", json=OFFICE)
            headers = {"Authorization": f"Bearer {answered.raise_for_status().json()['access_token']}"}
            client.headers.update(headers)
            customer_ids = await registered(client)
            single = partial(
                answers_per_second, url, CONNECTIONS, bed.effort.seconds, partial(order, customer_ids, headers)
            )
            before = await single()
            seconds, waited = await imported(client, orders)
            floor = mean([before, await single()])
            most = most_megabytes(process_of("services.customer", url.rpartition(":")[2]))
    ours = rate(f"import of {orders:,} orders, against single requests", "rows/s", [orders / seconds], [floor])
    return [
        Figure(ours.name, ours.value, ours.unit, ours.floor, ours.ratio, TARGET_RATIO),
        Figure("a file of one row beside it", waited, "s", target=TARGET_WAIT_SECONDS),
        Figure("most memory of the service", most, "MB", target=TARGET_MEGABYTES),
    ]


async def registered(client: httpx.AsyncClient) -> list[str]:
    """Import the customers and return their ids."""
    lines = ["客户编号,客户名称", *(f"K-{number},公司{number}号" for number in range(CUSTOMERS))]
    address = await sent(client, lines, "customers")
    await ended(client, address)
    found: list[str] = []
    query = {"limit": "200"}
    while True:
        page = (await client.get(f"{address}/rows", params=query)).raise_for_status().json()
        found += [row["id"] for row in page["items"]]
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]


async def imported(client: httpx.AsyncClient, orders: int) -> Found:
    """Send the file, and a short one while it is processed. Return how long each took; no row may fail."""
    started_at = perf_counter()
    long = await sent(client, order_lines(orders), "orders")
    short_at = perf_counter()
    short = await sent(client, order_lines(1), "orders")
    await ended(client, short)
    waited = perf_counter() - short_at
    waiting = (await client.get(long)).raise_for_status().json()["counts"].get("waiting", 0)
    if not waiting:
        raise AssertionError("the long file was over before the short one: send more orders")
    await ended(client, long)
    return perf_counter() - started_at, waited


def order_lines(orders: int) -> list[str]:
    lines = (f"SO-{number},K-{number % CUSTOMERS},{number}.00,2024-06-01" for number in numbers(orders))
    return ["订单编号,客户编号,金额,下单日期", *lines]


async def sent(client: httpx.AsyncClient, lines: list[str], kind: str) -> str:
    content = "\n".join(lines).encode()
    accepted = await client.post("/v1/imports", params={"kind": kind}, content=content, headers=CSV)
    return str(accepted.raise_for_status().headers["location"])


async def ended(client: httpx.AsyncClient, address: str) -> None:
    async def has_ended() -> bool:
        return bool((await client.get(address)).raise_for_status().json()["status"] == "succeeded")

    await eventually(has_ended, within=IMPORT_SECONDS)
    counts = (await client.get(address)).raise_for_status().json()["counts"]
    if counts.get("failed"):
        raise AssertionError(f"{counts['failed']} rows were refused")


def order(customer_ids: list[str], headers: dict[str, str], _connection: int, _asked: int) -> bytes:
    (number,) = numbers(1)
    body = {
        "external": {"system": "file", "id": f"S-{number}"},
        "amount_minor": 100 * (number + 1),
        "currency": "CNY",
        "occurred_at": "2024-06-01T01:00:00Z",
    }
    path = f"/v1/customers/{customer_ids[number % len(customer_ids)]}/orders"
    return post(path, body, headers | {"Idempotency-Key": str(uuid4())})


def numbers(size: int) -> list[int]:
    return [next(NUMBERS) for _ in range(size)]


def most_megabytes(process: Path) -> float:
    """Return the most memory that a process has had resident."""
    line = next(line for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6
