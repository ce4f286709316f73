"""R46: the schema changes under load, while an old and a new build run together, and the new one is rolled back."""

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
from tests.faults.support.house import ALL_LISTED, ALL_PUBLISHED, House, Process, pool_at, quiet
from tests.faults.support.ledger import Ledger, Outcome, Reply
from tests.faults.support.load import Load, Mix, Order, Send, sender
from tests.support.servers import Database
from tests.support.waiting import background, eventually

pytestmark = pytest.mark.nightly

OLD_BUILD, NEW_BUILD = "tests.faults.support.worker", "tests.faults.support.later_worker"
LOAD = Mix(clients=2, commands=20_000)
# A migration waits no longer than a second for a table; the rest is for a machine that does other things beside.
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
    """Two processes behind a balancer, and when commands were acknowledged."""

    workers: list[Process]
    acked_at: list[float] = field(default_factory=list)
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)

    def next_up(self) -> str:
        serving = [worker for worker in self.workers if worker.taking]
        return serving[next(self._turn) % len(serving)].url

    async def become(self, number: int, build: str) -> None:
        """Put another build in a worker's place; the balancer is told first."""
        worker = self.workers[number]
        worker.taking = False
        await worker.become(build)
        worker.taking = True

    def noting(self, send: Send) -> Send:
        async def send_and_note(order: Order) -> Reply:
            reply = await send(order)
            if reply.outcome is Outcome.ACKED:
                self.acked_at.append(asyncio.get_running_loop().time())
            return reply

        return send_and_note

    async def goes_on(self, count: int = 100) -> None:
        wanted = len(self.acked_at) + count

        async def enough() -> bool:
            return len(self.acked_at) >= wanted

        await eventually(enough)

    def longest_stall(self, since: float) -> float:
        times = [since, *(at for at in self.acked_at if at > since), asyncio.get_running_loop().time()]
        return max(after - before for before, after in itertools.pairwise(times))


@asynccontextmanager
async def under_load(house: House, database: Database, ledger: Ledger) -> AsyncIterator[Fleet]:
    """Keep two workers of the old build under load for the time of the block."""
    fleet = Fleet([await house.start("customer", "all", database.app) for _ in range(2)])
    async with httpx.AsyncClient(headers=house.issuer.headers(), trust_env=False) as client:
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
async def somebody_reading(database: Database) -> AsyncIterator[None]:
    """Hold what a long report holds for some seconds, within the block and if need be beyond it."""
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
    """Apply `statements` while somebody reads; returns for how long no command was acknowledged."""
    await fleet.goes_on()
    since = asyncio.get_running_loop().time()
    async with somebody_reading(database):
        await asyncio.to_thread(step, statements)
    await fleet.goes_on()
    return fleet.longest_stall(since)


async def test_r46_a_migration_under_load_with_an_old_and_a_new_build_and_a_roll_back(
    house: House, database: Database, ledger: Ledger, step: Callable[[str], None]
) -> None:
    async with under_load(house, database, ledger) as fleet:
        first = await stall_of(fleet, database, step, EXPAND)
        await fleet.become(0, NEW_BUILD)
        await written_by_the_new(database)
        await fleet.become(0, OLD_BUILD)
        await fleet.goes_on()
        for number in range(2):
            await fleet.become(number, NEW_BUILD)
        second = await stall_of(fleet, database, step, CONTRACT)
    sys.stdout.write(f"R46: no command was acknowledged for {first:.1f} s and {second:.1f} s at most\n")
    assert max(first, second) < STALL_SECONDS
    await holds(house, database, ledger)
    assert {attempt.reply.status for attempt in ledger.attempts} <= {200, 201, 409, 422, 503, None}


async def test_r46_a_migration_that_does_not_give_way_is_found_out(
    house: House, database: Database, ledger: Ledger, step: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "LOCK_TIMEOUT", "0")
    async with under_load(house, database, ledger) as fleet:
        assert await stall_of(fleet, database, step, EXPAND) > STALL_SECONDS


async def test_r46_a_build_that_lacks_a_column_parks_nobody_and_its_list_is_right_once_the_new_one_runs(
    house: House, database: Database, ledger: Ledger, step: Callable[[str], None]
) -> None:
    async with under_load(house, database, ledger) as fleet:
        await asyncio.to_thread(step, EXPAND)
        await asyncio.to_thread(step, CONTRACT)
        await eventually(lambda: says(fleet.workers[0], "UndefinedColumnError"))
        for number in range(2):
            await fleet.become(number, NEW_BUILD)
        await fleet.goes_on()
    await holds(house, database, ledger)


async def written_by_the_new(database: Database) -> None:
    async with pool_at(database.app) as pool:
        await quiet(pool, WRITTEN_BY_THE_NEW)


async def says(worker: Process, words: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        return words in (await client.get(f"{worker.url}/readyz")).text


async def holds(house: House, database: Database, ledger: Ledger) -> None:
    """Hold every invariant; of the list, the columns that both builds know."""
    async with pool_at(database.app) as pool:
        await quiet(pool, ALL_PUBLISHED, ALL_LISTED, NOBODY_IS_PARKED)
        stored = await evidence.stored(pool)
        expected, listed = evidence.folded_list(stored), await evidence.customer_list(pool)
        topic = await evidence.published(house.bootstrap, house.topic)
    oracle.hold(
        oracle.acknowledged_is_stored_once(ledger.attempts, stored),
        oracle.refused_has_no_effect(ledger.attempts, stored),
        oracle.store_is_in_order(stored),
        oracle.same_rows("customer", known_to_both(expected), known_to_both(listed)),
        oracle.topic_is_complete(stored, topic),
    )


def known_to_both(rows: Mapping[UUID, dict[str, Any]]) -> dict[UUID, dict[str, Any]]:
    return {key: {name: row[name] for name in row.keys() - {"written_by", "influence"}} for key, row in rows.items()}
