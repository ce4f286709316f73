"""R46: the schema is migrated under load, while an old and a new build run together, and the new one is rolled back."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from chassis import migrate as migrate_module
from chassis.migrate import Schema, migrate
from services.customer.schema import SCHEMA
from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import ALL_LISTED, ALL_PUBLISHED, Deployment, Process, pool_at, wait_until_true
from tests.faults.support.ledger import Ledger, Outcome, Reply
from tests.faults.support.load import Load, Mix, Order, Send, sender
from tests.support.servers import Database
from tests.support.waiting import background, eventually

pytestmark = pytest.mark.nightly

OLD_BUILD, NEW_BUILD = "tests.faults.support.worker", "tests.faults.support.newer_build"
LOAD = Mix(clients=2, commands=20_000)
# A migration waits up to a second for a table; the rest is for a busy machine.
STALL_SECONDS = 3.0
READING_SECONDS = 8.0
EXPAND = """
ALTER TABLE event ADD COLUMN more text;
ALTER TABLE customer ADD COLUMN written_by text, ALTER COLUMN version TYPE bigint;
"""
CONTRACT = "ALTER TABLE event DROP COLUMN more; ALTER TABLE customer DROP COLUMN influence;"
NOBODY_IS_PARKED = "SELECT count(*) = 0 FROM parked_event"
WRITTEN_BY_THE_NEW = "SELECT count(*) > 0 FROM customer WHERE written_by = 'later'"


@dataclass
class Fleet:
    """Two processes behind a load balancer, and the times at which commands were acknowledged."""

    workers: list[Process]
    acked_at: list[float] = field(default_factory=list)
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)

    def next_up(self) -> str:
        serving = [worker for worker in self.workers if worker.in_rotation]
        return serving[next(self._turn) % len(serving)].url

    async def replace_build(self, number: int, build: str) -> None:
        """Replace the build of a worker, after taking it out of the load balancer."""
        worker = self.workers[number]
        worker.in_rotation = False
        await worker.replace_build(build)
        worker.in_rotation = True

    def noting(self, send: Send) -> Send:
        async def send_and_note(order: Order) -> Reply:
            reply = await send(order)
            if reply.outcome is Outcome.ACKED:
                self.acked_at.append(asyncio.get_running_loop().time())
            return reply

        return send_and_note

    async def keeps_working(self, count: int = 100) -> None:
        wanted = len(self.acked_at) + count

        async def enough() -> bool:
            return len(self.acked_at) >= wanted

        await eventually(enough)

    def longest_stall(self, since: float) -> float:
        times = [since, *(at for at in self.acked_at if at > since), asyncio.get_running_loop().time()]
        return max(after - before for before, after in itertools.pairwise(times))


@asynccontextmanager
async def under_load(deployment: Deployment, database: Database, ledger: Ledger) -> AsyncIterator[Fleet]:
    """Keep two workers of the old build under load during the block."""
    fleet = Fleet([await deployment.start("customer", "all", database.app) for _ in range(2)])
    async with httpx.AsyncClient(headers=deployment.issuer.headers(), trust_env=False) as client:
        load = Load(fleet.noting(sender(client, fleet.next_up)), ledger, LOAD)
        await load.register()
        async with background(load.run):
            yield fleet


@pytest.fixture
def step(database: Database, tmp_path: Path) -> Callable[[str], None]:
    """Apply a migration as the product does."""
    later, numbers = Schema((*SCHEMA.migrations, tmp_path)), itertools.count(1)

    def run(statements: str) -> None:
        file = tmp_path / f"2099123100000{next(numbers)}_step.sql"
        file.write_text(f"-- migrate:up\n{statements}\n-- migrate:down\n")
        migrate(later, database.admin)

    return run


@asynccontextmanager
async def long_read(database: Database) -> AsyncIterator[None]:
    """Hold the lock of a long report for some seconds, during the block and possibly beyond."""
    reader = await asyncpg.connect(database.admin)
    await reader.execute("BEGIN")
    await reader.execute("SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM customer)")

    async def end() -> None:
        await asyncio.sleep(READING_SECONDS)
        await reader.close()

    ending = asyncio.create_task(end())
    try:
        yield
    finally:
        await ending


async def stall_of(fleet: Fleet, database: Database, step: Callable[[str], None], statements: str) -> float:
    """Apply `statements` during a long read; return the longest time without an acknowledged command."""
    await fleet.keeps_working()
    since = asyncio.get_running_loop().time()
    async with long_read(database):
        await asyncio.to_thread(step, statements)
    await fleet.keeps_working()
    return fleet.longest_stall(since)


async def test_r46_a_migration_under_load_with_an_old_and_a_new_build_and_a_roll_back(
    deployment: Deployment, database: Database, ledger: Ledger, step: Callable[[str], None]
) -> None:
    async with under_load(deployment, database, ledger) as fleet:
        first = await stall_of(fleet, database, step, EXPAND)
        await fleet.replace_build(0, NEW_BUILD)
        await written_by_the_new(database)
        await fleet.replace_build(0, OLD_BUILD)
        await fleet.keeps_working()
        for number in range(2):
            await fleet.replace_build(number, NEW_BUILD)
        second = await stall_of(fleet, database, step, CONTRACT)
    sys.stdout.write(f"R46: no command was acknowledged for {first:.1f} s and {second:.1f} s at most\n")
    assert max(first, second) < STALL_SECONDS
    await holds(deployment, database, ledger)
    assert {attempt.reply.status for attempt in ledger.attempts} <= {200, 201, 409, 422, 503, None}


async def test_r46_a_migration_without_a_lock_timeout_is_detected(
    deployment: Deployment,
    database: Database,
    ledger: Ledger,
    step: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(migrate_module, "LOCK_TIMEOUT", "0")
    async with under_load(deployment, database, ledger) as fleet:
        assert await stall_of(fleet, database, step, EXPAND) > STALL_SECONDS


async def test_r46_a_missing_column_parks_no_customer_and_the_list_is_right_once_it_exists(
    deployment: Deployment, database: Database, ledger: Ledger, step: Callable[[str], None]
) -> None:
    async with under_load(deployment, database, ledger) as fleet:
        await asyncio.to_thread(step, EXPAND)
        await asyncio.to_thread(step, CONTRACT)
        await eventually(lambda: says(fleet.workers[0], "UndefinedColumnError"))
        for number in range(2):
            await fleet.replace_build(number, NEW_BUILD)
        await fleet.keeps_working()
    await holds(deployment, database, ledger)


async def written_by_the_new(database: Database) -> None:
    async with pool_at(database.app) as pool:
        await wait_until_true(pool, WRITTEN_BY_THE_NEW)


async def says(worker: Process, words: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        return words in (await client.get(f"{worker.url}/readyz")).text


async def holds(deployment: Deployment, database: Database, ledger: Ledger) -> None:
    """Check every invariant; in the list, only the columns that both builds know."""
    async with pool_at(database.app) as pool:
        await wait_until_true(pool, ALL_PUBLISHED, ALL_LISTED, NOBODY_IS_PARKED)
        stored = await evidence.stored(pool)
        expected, listed = evidence.folded_list(stored), await evidence.customer_list(pool)
        topic = await evidence.published(deployment.bootstrap, deployment.topic)
    oracle.hold(
        oracle.acknowledged_is_stored_once(ledger.attempts, stored),
        oracle.refused_has_no_effect(ledger.attempts, stored),
        oracle.store_is_in_order(stored),
        oracle.same_rows("customer", known_to_both(expected), known_to_both(listed)),
        oracle.topic_is_complete(stored, topic),
    )


def known_to_both(rows: Mapping[UUID, dict[str, Any]]) -> dict[UUID, dict[str, Any]]:
    return {key: {name: row[name] for name in row.keys() - {"written_by", "influence"}} for key, row in rows.items()}
