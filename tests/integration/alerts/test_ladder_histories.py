"""Random histories against the ladder with its database: the rungs of the oracle, and no other ones."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from random import Random

import pytest

from chassis.postgres.database import open_pool
from tests.silence.ladder_histories import make_up_ladders
from tests.silence.test_ladders import FIRST_SEED, differences
from tests.support.ladder_desk import Desk
from tests.support.ladder_player import play, reached
from tests.support.oracle_of_ladders import OracleOfLadders
from tests.support.servers import Servers

HISTORIES = 6
HISTORIES_A_NIGHT = 60
STEP_MINUTES = (60,)


@pytest.fixture
async def desk(running: Servers) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(running.passing("alerts"))
        pool = await open_pool(database.app, size=4, application_name="tests")
        stack.push_async_callback(pool.close)
        admin = await open_pool(database.admin, size=1, application_name="tests")
        stack.push_async_callback(admin.close)
        yield Desk(pool, admin)


async def check(desk: Desk, seed: int) -> None:
    oracle = OracleOfLadders()
    for happening in make_up_ladders(Random(seed), STEP_MINUTES):  # noqa: S311 - not for secrets
        await play(desk, happening)
        oracle.take(happening)
    assert differences(await reached(desk), oracle.said) == []


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + HISTORIES))
async def test_the_ladder_with_its_database_reaches_the_rungs_of_the_oracle(desk: Desk, seed: int) -> None:
    await check(desk, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(FIRST_SEED + HISTORIES, FIRST_SEED + HISTORIES_A_NIGHT))
async def test_the_ladder_with_its_database_reaches_the_rungs_of_the_oracle_at_night(desk: Desk, seed: int) -> None:
    await check(desk, seed)
