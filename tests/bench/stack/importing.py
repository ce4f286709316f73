"""An import of customers, against the same customers registered by single requests, in the same process."""

from functools import partial
from itertools import count
from time import perf_counter
from uuid import uuid4

from tests.bench.harness.imports import Office, office
from tests.bench.harness.measuring import Bed, Figure, interleaved, rate
from tests.bench.stack.http_load import answers_per_second, post

ROWS_A_SECOND = 500
CONNECTIONS = 32
IMPORT_SECONDS = 300.0
NUMBERS = count()


async def measure(bed: Bed) -> list[Figure]:
    """Return rows a second; the floor is requests a second on CONNECTIONS connections."""
    rows, seconds = round(bed.effort.seconds * ROWS_A_SECOND), bed.effort.seconds
    async with office(bed) as own:
        ours, floors = await interleaved(
            bed.effort.rounds,
            partial(rows_per_second, own, rows),
            partial(answers_per_second, own.url, CONNECTIONS, seconds, partial(registration, own.headers)),
        )
    return [rate("import of customers, against single requests", "rows/s", ours, floors)]


async def rows_per_second(own: Office, rows: int) -> float:
    """Send a file and wait until each row is imported."""
    lines = ["客户编号,客户名称,行业,地区", *(f"K-{number},公司{number},制造业,上海" for number in numbers(rows))]
    started_at = perf_counter()
    await own.wait_for(await own.send(lines, "customers"), IMPORT_SECONDS)
    return rows / (perf_counter() - started_at)


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
