"""Idempotency keys of requests are kept for RETENTION and then dropped with the partition of their day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from chassis.postgres.database import Connection, Pool, open_pool, transaction
from chassis.store.append import Append, Outcome
from chassis.store.event_store import EventStore
from chassis.store.retention import AHEAD, RETENTION, maintain_partitions
from tests.support.appends import ANSWER, new_event
from tests.support.servers import Database
from tests.support.waiting import eventually

DAY = timedelta(days=1)
PARTITIONS = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'idempotency'::regclass AND c.relname ~ '[0-9]$' ORDER BY 1
"""
LOCATION = "SELECT tableoid::regclass::text FROM idempotency WHERE key = $1"
AGE = "UPDATE idempotency SET expires_on = expires_on - $1::integer WHERE expires_on < 'infinity'"
CREATE_DAY = """
    CREATE TABLE idempotency_{day:%Y%m%d} PARTITION OF idempotency FOR VALUES FROM ('{day}') TO ('{next_day}')
"""
WAITS = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'idempotency'::regclass"


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.admin, size=2, application_name="tests", session={"role": "care_migrator"})
    yield opened
    await opened.close()


def today() -> date:
    return datetime.now(UTC).date()


def of_request(key: str) -> Append:
    return Append(key, ANSWER, [new_event(uuid4(), 1)], expires=True)


def partition_of(day: date) -> str:
    return f"idempotency_{day:%Y%m%d}"


async def names(pool: Pool) -> list[str]:
    return [row["relname"] for row in await pool.fetch(PARTITIONS)]


async def let_days_pass(owner: Pool, days: int) -> None:
    """Move all keys that expire to the partition in which they would be, had they been added `days` earlier."""
    async with transaction(owner) as held:
        for back in range(1, days + 1):
            await create_day(held, today() - back * DAY)
        await held.execute(AGE, days)


async def create_day(held: "Connection | Pool", day: date) -> None:
    existing = {row["relname"] for row in await held.fetch(PARTITIONS)}
    if partition_of(day) not in existing:
        await held.execute(CREATE_DAY.format(day=day, next_day=day + DAY))


async def test_71_a_key_of_a_request_has_one_effect_within_the_retention(store: EventStore, owner: Pool) -> None:
    await store.append(of_request("once"))
    for _ in range(RETENTION.days):
        await let_days_pass(owner, 1)
        await maintain_partitions(owner)
        assert (await store.append(of_request("once"))).outcome is Outcome.DUPLICATE
        assert await store.answer("once") == ANSWER
    assert await store.head() == 1


async def test_71_after_the_retention_a_retry_is_a_new_command(store: EventStore, pool: Pool, owner: Pool) -> None:
    await store.append(of_request("once"))
    await let_days_pass(owner, RETENTION.days + 1)
    assert await maintain_partitions(pool) > 0
    assert await store.answer("once") is None
    assert (await store.append(of_request("once"))).outcome is Outcome.DONE
    assert await store.head() == 2


async def test_71_a_retry_after_midnight_is_recognised(store: EventStore, pool: Pool, owner: Pool) -> None:
    await store.append(of_request("late"))
    await let_days_pass(owner, 1)
    outcomes = await asyncio.gather(*(store.append(of_request(key)) for key in ("late", "new", "other")))
    assert [each.outcome for each in outcomes] == [Outcome.DUPLICATE, Outcome.DONE, Outcome.DONE]
    assert await pool.fetchval(LOCATION, "late") == partition_of(today() + RETENTION - DAY)
    assert await pool.fetchval(LOCATION, "new") == partition_of(today() + RETENTION)


async def test_71_of_several_processes_that_retry_after_midnight_none_has_an_effect(
    store: EventStore, database: Database, owner: Pool
) -> None:
    await store.append(of_request("late"))
    await let_days_pass(owner, 1)
    second = await open_pool(database.app, size=2, application_name="tests")
    stores = [store, EventStore(second)]
    appends = (each.append(of_request(key)) for key in ("late", "new") for each in stores for _ in range(5))
    outcomes = [each.outcome for each in await asyncio.gather(*appends)]
    await second.close()
    assert outcomes.count(Outcome.DONE) == 1
    assert await store.head() == 2


async def test_71_a_key_that_does_not_expire_is_kept(store: EventStore, pool: Pool, owner: Pool) -> None:
    await store.append(Append("customer-inbound|erp|1", ANSWER, [new_event(uuid4(), 1)]))
    await let_days_pass(owner, RETENTION.days + 1)
    await maintain_partitions(pool)
    assert (await store.append(of_request("customer-inbound|erp|1"))).outcome is Outcome.DUPLICATE
    assert await pool.fetchval(LOCATION, "customer-inbound|erp|1") == "idempotency_kept"


async def test_71_there_are_never_more_partitions_than_days_of_retention_and_ahead(pool: Pool, owner: Pool) -> None:
    for back in range(1, 5):
        await create_day(owner, today() - back * DAY)
    await asyncio.gather(*(maintain_partitions(pool) for _ in range(4)))
    days = (RETENTION + AHEAD).days
    assert await names(pool) == [partition_of(today() + n * DAY) for n in range(days + 1)]
    assert await maintain_partitions(pool) == 0


async def test_71_without_a_partition_of_the_day_appends_go_on(store: EventStore, pool: Pool, owner: Pool) -> None:
    for name in await names(owner):
        await owner.execute(f"DROP TABLE {name}")
    await store.append(of_request("once"))
    assert await pool.fetchval(LOCATION, "once") == "idempotency_other"
    await maintain_partitions(pool)
    assert partition_of(today() + RETENTION) not in await names(pool), "its rows are in the default partition"
    assert (await store.append(of_request("once"))).outcome is Outcome.DUPLICATE
    await owner.execute("UPDATE idempotency_other SET expires_on = current_date - 2")
    assert await maintain_partitions(pool) > 0, "the default partition is emptied"
    assert await store.answer("once") is None
    assert partition_of(today() + RETENTION) in await names(pool)


async def test_71_maintenance_gives_way_to_a_long_read_and_appends_go_on(
    store: EventStore, pool: Pool, owner: Pool
) -> None:
    await create_day(owner, today() - DAY)
    async with transaction(owner) as backup:
        await backup.execute("SELECT count(*) FROM idempotency")
        maintaining = asyncio.create_task(maintain_partitions(pool))
        await eventually(lambda: waits(pool))
        assert (await store.append(of_request("during"))).outcome is Outcome.DONE
        with pytest.raises(asyncpg.LockNotAvailableError):
            await maintaining
    assert await maintain_partitions(pool) == 1


async def waits(pool: Pool) -> bool:
    return bool(await pool.fetchval(WAITS))


async def test_71_the_service_itself_can_delete_no_key(pool: Pool) -> None:
    for statement in (
        f"DROP TABLE {partition_of(today())}",
        "TRUNCATE idempotency_other",
        "DELETE FROM idempotency_kept",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)
