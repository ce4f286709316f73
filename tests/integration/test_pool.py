"""Who waits for a connection is refused when none comes back, long before their time is over."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis.postgres.database import Pool, fetch_planned, open_pool
from tests.support.servers import Database

LONG_SECONDS = 600.0


@pytest.fixture
async def single(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.app, size=1, application_name="tests")
    yield opened
    await opened.close()


async def test_nobody_waits_for_a_connection_that_does_not_come_back(single: Pool) -> None:
    async with single.acquire():
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await single.acquire(timeout=LONG_SECONDS)
    assert await single.fetchval("SELECT 1") == 1


async def test_who_waits_gets_the_connection_that_comes_back(single: Pool) -> None:
    assert await asyncio.gather(*(single.fetchval("SELECT 1") for _ in range(20))) == [1] * 20
    assert single.get_idle_size() == 1


async def test_who_is_stopped_while_waiting_loses_no_connection(single: Pool) -> None:
    async with single.acquire():
        waiting = [asyncio.create_task(single.fetchval("SELECT 1")) for _ in range(5)]
        await asyncio.sleep(0)
        for each in waiting:
            each.cancel()
    assert isinstance((await asyncio.gather(*waiting, return_exceptions=True))[0], asyncio.CancelledError)
    assert await single.fetchval("SELECT 2") == 2


async def test_who_is_stopped_as_it_gets_one_loses_no_connection(single: Pool) -> None:
    """Each is stopped one step later than the one before, so that some are stopped at every step there is."""
    for steps in range(30):
        asking = asyncio.create_task(single.fetchval("SELECT 1"))
        for _ in range(steps):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    assert await single.fetchval("SELECT 2") == 2


async def test_who_waits_goes_before_who_comes_later(single: Pool) -> None:
    """Who has just given one back, and asks again at once, does not take it from those who wait."""
    got: list[str] = []

    async def ask(name: str, times: int) -> None:
        for _ in range(times):
            async with single.acquire():
                got.append(name)

    first = asyncio.create_task(ask("often", 5))
    others = [asyncio.create_task(ask("once", 1)) for _ in range(3)]
    await asyncio.gather(first, *others)
    assert got[:4] == ["often", "once", "once", "once"]


async def test_a_transaction_left_open_does_not_go_with_the_connection(single: Pool) -> None:
    async with single.acquire() as held:
        await held.execute("BEGIN")
    async with single.acquire() as held:
        assert not held.is_in_transaction()


async def test_a_connection_that_was_closed_is_replaced(single: Pool) -> None:
    async with single.acquire() as held:
        await held.close()
    assert await single.fetchval("SELECT 1") == 1


async def test_no_plan_is_kept_of_a_planned_statement(single: Pool) -> None:
    statement = "SELECT n FROM generate_series(1, 9) AS n WHERE $1::int IS NULL OR n = $1 ORDER BY n LIMIT $2"
    kept = "SELECT count(*) FROM pg_prepared_statements WHERE statement = $1"
    for wanted, expected in [(None, [1, 2]), (7, [7])] * 4:
        assert [each for (each,) in await fetch_planned(single, statement, wanted, 2)] == expected
    assert await single.fetchval(kept, statement) == 0
    await single.fetch(statement, 7, 2)
    assert await single.fetchval(kept, statement) == 1
