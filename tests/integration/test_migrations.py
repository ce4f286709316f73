"""A migration of a live database does not block others, and builds that run before or during it lose nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.consume.applier import Applier
from chassis.consume.local_feed import LocalFeed
from chassis.migrate import Schema, migrate
from chassis.postgres.database import Connection, Pool
from chassis.runtime.supervisor import Health, keep_running
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.event import Envelope
from services.customer.schema import SCHEMA
from tests.faults.support.deployment import ALL_LISTED, as_admin, wait_until_true
from tests.faults.support.facts import change, commit
from tests.support.lists import APPLY
from tests.support.pipeline import TABLE
from tests.support.servers import Database
from tests.support.waiting import background, eventually

NOBODY_IS_PARKED = "SELECT count(*) = 0 FROM parked_event"
ADD_COLUMN = "-- migrate:up\nALTER TABLE event ADD COLUMN more text;\n-- migrate:down\n"
WAITS = """
    SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation IS NOT NULL
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
HAS_COLUMN = "SELECT count(*) = 1 FROM information_schema.columns WHERE table_name = 'event' AND column_name = 'more'"


@pytest.fixture
async def reader(database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """An open transaction that has read the events, such as a backup or a long report."""
    opened = await asyncpg.connect(database.admin)
    await opened.execute("BEGIN")
    await opened.execute("SELECT count(*) FROM event")
    yield opened
    await opened.close()


async def test_a_migration_that_waits_for_a_reader_does_not_block_writers(
    store: EventStore,
    pool: Pool,
    database: Database,
    reader: "asyncpg.Connection[asyncpg.Record]",
    tmp_path: Path,
) -> None:
    (tmp_path / "20991231000000_more.sql").write_text(ADD_COLUMN)
    later = Schema((*SCHEMA.migrations, tmp_path))
    migrating = asyncio.create_task(asyncio.to_thread(migrate, later, database.admin))
    await eventually(lambda: waits_for_a_table(pool))
    await commit(store, 50)
    assert not migrating.done()
    await reader.execute("COMMIT")
    await migrating
    assert await pool.fetchval(HAS_COLUMN)
    await commit(store, 50)


async def test_a_migration_that_was_written_earlier_and_merged_later_is_applied(
    pool: Pool, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "20200101000000_more.sql").write_text(ADD_COLUMN)
    await asyncio.to_thread(migrate, Schema((*SCHEMA.migrations, tmp_path)), database.admin)
    assert await pool.fetchval(HAS_COLUMN)


async def waits_for_a_table(pool: Pool) -> bool:
    return bool(await pool.fetchval(WAITS))


async def test_a_read_model_is_updated_while_its_table_is_altered(
    store: EventStore, pool: Pool, database: Database
) -> None:
    async with background(following(store, Applier("customer-list", pool, APPLY))):
        ids = await commit(store, 20)
        await wait_until_true(pool, ALL_LISTED)
        await as_admin(database, "ALTER TABLE customer ALTER COLUMN version TYPE bigint")
        await change(store, ids, "since then")
        await wait_until_true(pool, ALL_LISTED, NOBODY_IS_PARKED)


async def test_a_build_that_runs_before_its_migration_parks_nothing_and_waits(
    store: EventStore, pool: Pool, database: Database
) -> None:
    seen: list[UUID] = []

    async def see(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        await held.execute("SELECT event_id FROM seen")
        seen.extend(envelope.subject for envelope in envelopes)

    health = Health("tail")
    async with background(following(store, Applier("customer-list", pool, see), health)):
        ids = await commit(store, 5)
        await eventually(lambda: reports(health, "UndefinedTableError"))
        assert await pool.fetchval(NOBODY_IS_PARKED)
        await as_admin(database, TABLE)
        await as_admin(database, "GRANT SELECT ON seen TO care_app")
        await wait_until_true(pool, ALL_LISTED, NOBODY_IS_PARKED)
    assert set(ids) <= set(seen)


def following(store: EventStore, applier: Applier, health: Health | None = None) -> Any:
    tail = LocalFeed(store, EventMapper(), applier, health=Health("tail"))
    return lambda: keep_running(health or Health("tail"), tail.run)


async def reports(health: Health, text: str) -> bool:
    return text in health.detail
