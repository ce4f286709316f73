"""The migration from the timeline of an earlier build to the fact log, while that build still runs."""

from contextlib import suppress

import asyncpg
import pytest

from chassis.consume.rebuild import open_owner_pool
from chassis.postgres.database import Pool, transaction
from services.reporting.schema import HERE
from tests.support.waiting import background

UP, DOWN = (HERE / "migrations" / "20261129151000_facts.sql").read_text().split("-- migrate:down")
EVENTS = 50_000
INSERT = """
    INSERT INTO timeline SELECT gen_random_uuid(), 'care.customer.events.v1', n, gen_random_uuid(), gen_random_uuid(),
        'care.customer.registered.v1', now(), now(), 'E1', '{}' FROM generate_series($1::integer, $2::integer) AS n
"""
BEGIN = "INSERT INTO consumer_position VALUES ('reporting', 'care.customer.events.v1', 0, $1, now())"
MOVE = "UPDATE consumer_position SET position = $1"


@pytest.fixture
async def before(reporting_admin: Pool, owner: str) -> Pool:
    """The database of the earlier build, with EVENTS events."""
    await reporting_admin.execute("DROP SCHEMA bi CASCADE")
    pool = await open_owner_pool(owner)
    await pool.execute(DOWN)
    await pool.execute(INSERT, 1, EVENTS)
    await pool.execute(BEGIN, EVENTS)
    return pool


async def test_no_event_is_lost_that_the_earlier_build_applies_during_the_migration(
    before: Pool, reporting_admin: Pool
) -> None:
    applied = EVENTS

    async def earlier_build() -> None:
        """Apply events one by one, as its consumer does: the position moves first."""
        nonlocal applied
        while True:
            with suppress(asyncpg.LockNotAvailableError, asyncpg.UndefinedTableError):
                async with transaction(reporting_admin) as held:
                    await held.execute(MOVE, applied + 1)
                    await held.execute(INSERT, applied + 1, applied + 1)
                applied += 1

    async with background(earlier_build):
        await before.execute(UP)
    assert await before.fetchval("SELECT count(*) FROM fact") == applied
    await before.close()
