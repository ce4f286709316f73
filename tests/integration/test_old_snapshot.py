"""Case 64: a transaction holds an old snapshot, such as a backup or a forgotten BEGIN. Appends do not slow down.

PostgreSQL keeps every version of a row that such a snapshot could see, and each later access walks all of them.
"""

import json
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime.clock import utc_now
from chassis.store.append import APPEND, arrays
from chassis.store.event_store import READ_HEAD, READ_WATERMARK, EventStore
from tests.support.appends import append_of
from tests.support.servers import Database

APPENDS = 1_000
# An index with this many entries has one level more than an empty one. An event has three indexes, its key one.
MORE_BUFFERS = 8
# An append that splits a page of an index accesses some buffers more. Few appends do, so the least of some counts.
MEASURED = 5
TAKE_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM event"
CHANGED_ROWS = "SELECT relname FROM pg_stat_xact_user_tables WHERE n_tup_upd + n_tup_del > 0"


@pytest.fixture
async def backup(database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    opened = await asyncpg.connect(database.admin)
    await opened.execute(TAKE_SNAPSHOT)
    yield opened
    await opened.close()


async def test_64_an_append_and_a_watermark_change_no_row(store: EventStore, pool: Pool) -> None:
    async with transaction(pool) as held:
        await store.append_within(held, [append_of(uuid4(), [1])])
        await store.append_within(held, [append_of(uuid4(), [1], key="once")])
        await store.append_within(held, [append_of(uuid4(), [1], key="once")])
        await held.fetch(READ_WATERMARK, utc_now())
        assert await held.fetch(CHANGED_ROWS) == []


@pytest.mark.usefixtures("backup")
async def test_64_under_an_old_snapshot_appends_and_watermarks_read_no_more_with_each_append(
    store: EventStore, pool: Pool
) -> None:
    before = await buffers_read(pool)
    for _ in range(APPENDS):
        await store.append(append_of(uuid4(), [1]))
        await store.watermark()
    after = await buffers_read(pool)
    assert {name: read for name, read in after.items() if read > before[name] + MORE_BUFFERS} == {}


async def buffers_read(pool: Pool) -> dict[str, int]:
    """Return how many buffers an append, a watermark and a read of the last position access at least."""
    async with transaction(pool) as held:
        # A first call reads the catalog and makes the plans.
        await explained(held)
        measured = [await explained(held) for _ in range(MEASURED)]
    return {name: min(each[name] for each in measured) for name in measured[0]}


async def explained(held: Connection) -> dict[str, int]:
    append = arrays([append_of(uuid4(), [1])])
    return {
        "append": await buffers_of(held, APPEND, *append, utc_now()),
        "watermark": await buffers_of(held, READ_WATERMARK, utc_now()),
        "head": await buffers_of(held, READ_HEAD),
    }


async def buffers_of(held: Connection, statement: str, *arguments: object) -> int:
    found = await held.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *arguments)
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
