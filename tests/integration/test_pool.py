"""Who waits for a connection is refused when none comes back, long before their time is over."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis.database import Pool, open_pool
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
