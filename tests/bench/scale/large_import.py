"""A file of very many orders against single requests: speed, memory, and how long a short file waits beside it."""

from functools import partial
from itertools import count
from pathlib import Path
from statistics import mean
from time import perf_counter
from uuid import uuid4

from tests.bench.harness.imports import Office, office
from tests.bench.harness.measuring import Bed, Figure, rate
from tests.bench.harness.processes import process_of
from tests.bench.stack.http_load import answers_per_second, post

CUSTOMERS = 2_000
CONNECTIONS = 32
IMPORT_SECONDS = 3_600.0
TARGET_RATIO = 1.5
TARGET_MEGABYTES = 200.0
TARGET_WAIT_SECONDS = 5.0
NUMBERS = count()
Found = tuple[float, float]


async def measure(bed: Bed, orders: int) -> list[Figure]:
    """Return rows a second, against requests a second before and after; the wait of a short file; the most memory."""
    async with office(bed) as own:
        request = partial(order, await registered(own), own.headers)
        single = partial(answers_per_second, own.url, CONNECTIONS, bed.effort.seconds, request)
        before = await single()
        seconds, waited = await imported(own, orders)
        floor = mean([before, await single()])
        most = most_megabytes(process_of("services.customer", own.url.rpartition(":")[2]))
    ours = rate(f"import of {orders:,} orders, against single requests", "rows/s", [orders / seconds], [floor])
    return [
        Figure(ours.name, ours.value, ours.unit, ours.floor, ours.ratio, TARGET_RATIO),
        Figure("a file of one row beside it", waited, "s", target=TARGET_WAIT_SECONDS),
        Figure("most memory of the service", most, "MB", target=TARGET_MEGABYTES),
    ]


async def registered(own: Office) -> list[str]:
    """Import the customers and return their ids."""
    lines = ["客户编号,客户名称", *(f"K-{number},公司{number}号" for number in range(CUSTOMERS))]
    address = await own.send(lines, "customers")
    await own.wait_for(address, IMPORT_SECONDS)
    found: list[str] = []
    query = {"limit": "200"}
    while True:
        page = (await own.client.get(f"{address}/rows", params=query)).raise_for_status().json()
        found += [row["id"] for row in page["items"]]
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]


async def imported(own: Office, orders: int) -> Found:
    """Send the file, and a short one while it is processed. Return how long each took; no row may fail."""
    started_at = perf_counter()
    long = await own.send(order_lines(orders), "orders")
    short_at = perf_counter()
    await own.wait_for(await own.send(order_lines(1), "orders"), IMPORT_SECONDS)
    waited = perf_counter() - short_at
    waiting = (await own.client.get(long)).raise_for_status().json()["counts"].get("waiting", 0)
    if not waiting:
        raise AssertionError("the long file was over before the short one: send more orders")
    await own.wait_for(long, IMPORT_SECONDS)
    return perf_counter() - started_at, waited


def order_lines(orders: int) -> list[str]:
    lines = (f"SO-{number},K-{number % CUSTOMERS},{number}.00,2024-06-01" for number in numbers(orders))
    return ["订单编号,客户编号,金额,下单日期", *lines]


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
