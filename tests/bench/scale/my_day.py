"""My-day queries of one person and of a team with very many open tasks, against an indexed query of as many rows."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any
from uuid import UUID, uuid5

import httpx

from chassis.http.paging import MAX_LIMIT
from chassis.postgres.database import Connection, Pool
from contracts.examples import CUSTOMER_ID
from deploy.stack import tokens
from services.followup.__main__ import build
from services.followup.projection.tasks import TaskRow
from services.followup.queries.paging import columns_of
from tests.bench.harness.measuring import Bed, Figure, administrator, percentile
from tests.security.world import parts
from tests.unit.chassis.issuer import ISSUER, client_of

PEOPLE, TEAM, CUSTOMERS, COMPLAINTS = 100, 10, 20_000, 2_000
CALLS = 400
MOST_MILLISECONDS = 50.0
TIERS = ("vip", "growth", "ordinary", "ordinary")
SEVERITIES = ("critical", "high", "normal", "low")
FLOOR = f"""
    SELECT {columns_of(TaskRow)} FROM task WHERE assignee_id = $1 AND state = 'open' ORDER BY due_at LIMIT {MAX_LIMIT}
"""

Call = Callable[[int], Awaitable[Any]]


async def measure(bed: Bed, tasks: int) -> list[Figure]:
    now = datetime.now(UTC)
    async with bed.store("followup") as (database, pool):
        async with administrator(database) as owner:
            await fill(owner, tasks, now)
        signer = tokens.signer(bed.data_dir, ISSUER)
        async with client_of(build(parts(pool, signer)).app) as client:
            day, team, floor = await taking_turns(
                partial(one_day, client, tokens.mint(signer, person(1), ["sales"])),
                partial(team_day, client, tokens.mint(signer, leader(0), ["leader"])),
                partial(look_up, pool),
            )
    bed.say(f"myday: {tasks} open tasks of {PEOPLE} people; {TEAM} people are a team")
    return [
        *figures("the day of one person", day, floor),
        *figures(f"the day of a team of {TEAM}", team, floor),
    ]


def figures(name: str, ours: list[float], floor: list[float]) -> list[Figure]:
    p50, floor_p50 = percentile(ours, 0.5), percentile(floor, 0.5)
    return [
        Figure(f"{name}, p50", p50, "ms", floor_p50, floor_p50 / p50),
        Figure(f"{name}, p99", percentile(ours, 0.99), "ms", target=MOST_MILLISECONDS),
    ]


async def taking_turns(*calls: Call) -> list[list[float]]:
    """Return how many milliseconds each call took, CALLS times, one after the other."""
    found: list[list[float]] = [[] for _ in calls]
    for number in range(CALLS):
        for times, call in zip(found, calls, strict=True):
            started_at = perf_counter()
            await call(number)
            times.append((perf_counter() - started_at) * 1_000)
    return found


async def one_day(client: httpx.AsyncClient, token: str, _number: int) -> None:
    await ask(client, token, {})


async def team_day(client: httpx.AsyncClient, token: str, _number: int) -> None:
    await ask(client, token, {"leader_id": leader(0)})


async def ask(client: httpx.AsyncClient, token: str, params: dict[str, str]) -> None:
    answered = await client.get("/v1/my-day", params=params, headers={"Authorization": f"Bearer {token}"})
    if not answered.json()["overdue"]["total"]:
        raise AssertionError("there should be something to do")


async def look_up(pool: Pool, number: int) -> None:
    await pool.fetch(FLOOR, person(number % PEOPLE))


def person(number: int) -> str:
    return f"E{1_000 + number}"


def leader(number: int) -> str:
    return f"L{number}"


async def fill(owner: Connection, tasks: int, now: datetime) -> None:
    """Give each person as many customers, tasks and complaints: two tasks in ten are late, one is due today."""
    customers = [uuid5(CUSTOMER_ID, str(number)) for number in range(CUSTOMERS)]
    known = [customer(number, customer_id) for number, customer_id in enumerate(customers)]
    await copy(owner, "customer_ref", known)
    await copy(owner, "task", [task(number, customers, tasks, now) for number in range(tasks)])
    await copy(owner, "complaint", [complaint(number, customers, now) for number in range(COMPLAINTS)])
    for table in ("customer_ref", "task", "complaint"):
        await owner.execute(f"VACUUM ANALYZE {table}")


async def copy(owner: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    await owner.copy_records_to_table(table, records=[tuple(row.values()) for row in rows], columns=list(rows[0]))


def customer(number: int, customer_id: UUID) -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        "kind": "company",
        "owner_id": person(number % PEOPLE),
        "leader_id": leader(number % PEOPLE // TEAM),
        "stage": "signed",
        "tiers": f'{{"default": "{TIERS[number // PEOPLE % len(TIERS)]}"}}',
    }


def task(number: int, customers: list[UUID], tasks: int, now: datetime) -> dict[str, Any]:
    """From 20 days ago to 80 days ahead."""
    whose = number % CUSTOMERS
    return {
        "task_id": uuid5(CUSTOMER_ID, f"task {number}"),
        "version": 1,
        "customer_id": customers[whose],
        "assignee_id": person(whose % PEOPLE),
        "state": "open",
        "due_at": now + timedelta(days=-20 + 100 * number / tasks),
        "purpose": "care",
        "scheduled_at": now - timedelta(days=30),
    }


def complaint(number: int, customers: list[UUID], now: datetime) -> dict[str, Any]:
    return {
        "complaint_id": uuid5(CUSTOMER_ID, f"complaint {number}"),
        "version": 1,
        "customer_id": customers[number],
        "owner_id": person(number % PEOPLE),
        "state": "raised",
        "channel": "phone",
        "severity": SEVERITIES[number % len(SEVERITIES)],
        "answer_refs": [],
        "raised_at": now - timedelta(days=2),
        "answer_by": now + timedelta(hours=number % 96 - 48),
        "resolve_by": now + timedelta(hours=number % 96),
    }
