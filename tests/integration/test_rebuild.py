"""R36: a read model is rebuilt beside the live tables and replaces them; readers notice nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from chassis.consume.applier import Applier
from chassis.consume.local_feed import LocalFeed
from chassis.consume.rebuild import SESSION, ReadModel, Rebuild, RebuildFailedError
from chassis.postgres.database import Connection, Pool, open_pool, transaction
from chassis.runtime.supervisor import Health, keep_running
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import Registered
from contracts.event import Envelope
from services.customer import projection
from tests.bench.harness.event_data import OWN_LIFE, fill, mixed
from tests.support.lists import APPLY
from tests.support.servers import Database
from tests.support.waiting import background, eventually

LISTING = "customer-list"
# Less than the statement of a killed rebuild takes.
SOON_SECONDS = 20.0
CUSTOMERS = 200
NO_NUMBER = {"external_system": None, "external_id": None}
DONE = "SELECT p.position = h.position FROM consumer_position p, store_head h WHERE p.consumer = $1"
ROWS = "SELECT * FROM customer ORDER BY customer_id"
FORM = """
    SELECT 'index', indexname || ' ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'customer'
    UNION ALL
    SELECT 'constraint', conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'customer'::regclass
    UNION ALL
    SELECT 'right', relacl::text FROM pg_class WHERE oid = 'customer'::regclass
    UNION ALL
    SELECT 'column', format('%s %s %s %s', attname, atttypid::regtype, attnotnull, attstattarget) FROM pg_attribute
    WHERE attrelid = 'customer'::regclass AND attnum > 0
    ORDER BY 1, 2
"""
LEFT_OVER = """
    SELECT (SELECT count(*) FROM pg_namespace WHERE nspname IN ('rebuild', 'retired'))
        + (SELECT count(DISTINCT consumer) - 1 FROM consumer_position)
"""
INDEXES = "SELECT count(*) FROM pg_indexes WHERE schemaname = '{}' AND tablename = 'customer'"
INDEXES_OF_THE_COPY, INDEXES_OF_THE_LIVE_TABLE = INDEXES.format("rebuild"), INDEXES.format("public")
COPY_OF_A_KILLED_ONE = "INSERT INTO consumer_position VALUES ($1, 'own', 0, 7, now())"
PARKED_BY_A_KILLED_ONE = """
    INSERT INTO parked_event (consumer, topic, partition, position, subject, headers, reason)
    VALUES ($1, 'own', 0, 7, gen_random_uuid(), '{}', 'broken')
"""


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(
        database.admin, size=4, application_name="tests", session={**SESSION, "role": "care_migrator"}
    )
    yield opened
    await opened.close()


def lives(count: int) -> list[Envelope[Any]]:
    return [anonymous(envelope) for envelope in mixed(count, OWN_LIFE)]


def anonymous(envelope: Envelope[Any]) -> Envelope[Any]:
    """Leave out the external number of a customer, which is unique."""
    if not isinstance(envelope.event, Registered):
        return envelope
    unnamed: Envelope[Any] = replace(envelope, event=envelope.event.model_copy(update=NO_NUMBER))
    return unnamed


def model_on(pool: Pool, store: EventStore, handler: Any = APPLY) -> ReadModel:
    return ReadModel(
        Applier(LISTING, pool, handler),
        projection.TABLES,
        lambda applier, health, shared: LocalFeed(store, EventMapper(), applier, health=health, shared=shared).run,
    )


@pytest.fixture
async def listed(pool: Pool, store: EventStore) -> ReadModel:
    """A read model of customers that has applied all events of its store."""
    await fill(store, lives(CUSTOMERS))
    model = model_on(pool, store)
    async with background(model.follow(Health(LISTING))):
        await eventually(lambda: pool.fetchval(DONE, LISTING))
    return model


def silent(_share: float) -> None:
    """Ignore the progress."""


async def test_readers_do_not_notice_a_rebuild_under_load(
    pool: Pool, store: EventStore, owner: Pool, listed: ReadModel
) -> None:
    counts: list[int] = []

    async def read() -> None:
        while True:
            counts.append(await pool.fetchval("SELECT count(*) FROM customer WHERE owner_id IS NOT NULL"))
            await asyncio.sleep(0)

    async def write() -> None:
        while True:
            await fill(store, lives(5))

    health = Health(LISTING)
    async with background(lambda: keep_running(health, listed.follow(health)), read, write):
        await Rebuild(listed, owner).run(silent)
        after = len(counts)
        await eventually(lambda: more_than(counts, counts[after - 1]))
    assert min(counts) >= CUSTOMERS
    assert counts == sorted(counts)
    async with background(listed.follow(Health(LISTING))):
        await eventually(lambda: pool.fetchval(DONE, LISTING))
    assert await pool.fetch(ROWS) == await folded_anew(pool, store, owner)


async def more_than(counts: Sequence[int], least: int) -> bool:
    return counts[-1] > least


async def folded_anew(pool: Pool, store: EventStore, owner: Pool) -> list[Any]:
    """Return the rows that a projection of all events into an empty table yields."""
    await owner.execute("TRUNCATE public.customer; DELETE FROM consumer_position")
    async with background(model_on(pool, store).follow(Health(LISTING))):
        await eventually(lambda: pool.fetchval(DONE, LISTING))
    return await pool.fetch(ROWS)


async def test_the_new_table_has_the_definition_of_the_old_one(pool: Pool, owner: Pool, listed: ReadModel) -> None:
    await owner.execute("ALTER TABLE public.customer ALTER COLUMN registered_at SET STATISTICS 7")
    form, rows = await pool.fetch(FORM), await pool.fetch(ROWS)
    for _ in range(2):
        await Rebuild(listed, owner).run(silent)
    assert await pool.fetch(FORM) == form
    assert await pool.fetch(ROWS) == rows
    assert await pool.fetchval(LEFT_OVER) == 0


@pytest.mark.usefixtures("listed")
async def test_a_rebuild_uses_the_current_projection(pool: Pool, store: EventStore, owner: Pool) -> None:
    async def located(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        await APPLY(envelopes, held)
        await held.execute("UPDATE customer SET region = 'Nowhere'")

    assert await pool.fetchval("SELECT count(*) FROM customer WHERE region = 'Nowhere'") == 0
    await Rebuild(model_on(pool, store, located), owner).run(silent)
    assert await pool.fetchval("SELECT count(*) FROM customer WHERE region = 'Nowhere'") == CUSTOMERS
    assert await pool.fetchval(DONE, LISTING)


async def broken(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    await APPLY(envelopes, held)
    if any(envelope.position == 1 for envelope in envelopes):
        raise ValueError("a projection that cannot take the first event")


@pytest.mark.usefixtures("listed")
async def test_a_rebuild_that_would_park_more_customers_changes_nothing(
    pool: Pool, store: EventStore, owner: Pool
) -> None:
    before = await pool.fetch(ROWS)
    with pytest.raises(RebuildFailedError, match="1 more customers would have parked events"):
        await Rebuild(model_on(pool, store, broken), owner).run(silent)
    assert await pool.fetch(ROWS) == before
    assert await pool.fetchval(LEFT_OVER) == 0
    assert await pool.fetchval("SELECT count(*) FROM parked_event") == 0


async def test_a_rebuild_does_not_park_an_event_again_that_was_discarded(
    pool: Pool, store: EventStore, owner: Pool
) -> None:
    await fill(store, lives(CUSTOMERS))
    model = model_on(pool, store, broken)
    async with background(model.follow(Health(LISTING))):
        await eventually(lambda: pool.fetchval(DONE, LISTING))
    parked = model.applier.parked_events
    (first,) = await parked.summary(pool)
    async with transaction(pool) as held:
        assert await parked.discard(held, first["subject"]) == first["events"] > 1
    before = await pool.fetch(ROWS)
    await Rebuild(model, owner).run(silent)
    assert await pool.fetch(ROWS) == before
    assert await parked.summary(pool) == []


async def test_a_foreign_object_on_a_table_stops_the_switch(pool: Pool, owner: Pool, listed: ReadModel) -> None:
    await owner.execute("CREATE MATERIALIZED VIEW public.own_report AS SELECT count(*) FROM public.customer")
    before = await pool.fetch(ROWS)
    with pytest.raises(RebuildFailedError, match="own_report"):
        await Rebuild(listed, owner).run(silent)
    assert await pool.fetch(ROWS) == before
    assert await pool.fetchval(LEFT_OVER) == 0


async def test_of_two_concurrent_rebuilds_one_is_rejected(owner: Pool, listed: ReadModel) -> None:
    done = await asyncio.gather(*(Rebuild(listed, owner).run(silent) for _ in range(2)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "RebuildFailedError"]


async def test_a_rebuild_replaces_the_leftovers_of_a_killed_one(pool: Pool, owner: Pool, listed: ReadModel) -> None:
    await owner.execute("CREATE SCHEMA rebuild; CREATE TABLE rebuild.customer (half_done boolean)")
    await owner.execute(COPY_OF_A_KILLED_ONE, f"{LISTING}-0a1b2c3d")
    await owner.execute(PARKED_BY_A_KILLED_ONE, f"{LISTING}-0a1b2c3d")
    await Rebuild(listed, owner).run(silent)
    assert await pool.fetchval(LEFT_OVER) == 0
    assert await pool.fetchval("SELECT count(*) FROM parked_event") == 0


async def test_a_rebuild_can_be_started_again_at_once_after_it_was_killed_in_a_long_statement(
    owner: Pool, database: Database, listed: ReadModel
) -> None:
    is_deriving = asyncio.Event()

    async def derive(held: Connection) -> None:
        await held.execute("LOCK TABLE customer IN EXCLUSIVE MODE")
        is_deriving.set()
        await held.execute("SELECT pg_sleep(60)")

    killed = await open_pool(
        database.admin, size=4, application_name="tests", session={**SESSION, "role": "care_migrator"}
    )
    rebuilding = asyncio.ensure_future(Rebuild(replace(listed, derive=derive), killed).run(silent))
    await is_deriving.wait()
    # The sockets are closed without a word, as those of a killed process.
    killed.terminate()
    await asyncio.gather(rebuilding, return_exceptions=True)

    async def is_rebuilt() -> bool:
        # Until PostgreSQL has noticed that the other connections are closed, the killed one seems to run.
        with contextlib.suppress(RebuildFailedError):
            await Rebuild(listed, owner).run(silent)
            return True
        return False

    await eventually(is_rebuilt, within=SOON_SECONDS)


@pytest.mark.parametrize("indexes_first", [False, True])
async def test_filled_tables_get_their_indexes_before_the_derivation_only_on_demand(
    pool: Pool, owner: Pool, listed: ReadModel, *, indexes_first: bool
) -> None:
    async def derive(held: Connection) -> None:
        if indexes_first:
            assert await held.fetchval(INDEXES_OF_THE_COPY) == await held.fetchval(INDEXES_OF_THE_LIVE_TABLE)
        else:
            # The indexes are built in another transaction, which ends although this one has not.
            await eventually(lambda: has_indexes(owner))

    model = replace(listed, derive=derive, filled=projection.TABLES, indexes_first=indexes_first)
    before = await pool.fetch(FORM)
    await Rebuild(model, owner).run(silent)
    assert await pool.fetch(FORM) == before


async def has_indexes(owner: Pool) -> bool:
    found: bool = await owner.fetchval(f"SELECT ({INDEXES_OF_THE_COPY}) = ({INDEXES_OF_THE_LIVE_TABLE})")
    return found


@pytest.mark.parametrize("indexes_first", [False, True])
async def test_a_rebuild_whose_derivation_fails_changes_nothing(
    pool: Pool, owner: Pool, listed: ReadModel, *, indexes_first: bool
) -> None:
    async def derive(held: Connection) -> None:
        await held.execute("SELECT 1 / 0")

    rows = await pool.fetch(ROWS)
    model = replace(listed, derive=derive, filled=projection.TABLES, indexes_first=indexes_first)
    with pytest.raises((asyncpg.DivisionByZeroError, ExceptionGroup)):
        await Rebuild(model, owner).run(silent)
    assert (await pool.fetch(ROWS), await pool.fetchval(LEFT_OVER)) == (rows, 0)


async def test_shadow_tables_ahead_of_the_live_ones_replace_them_too(
    pool: Pool, store: EventStore, owner: Pool, listed: ReadModel
) -> None:
    await fill(store, lives(10))
    await Rebuild(listed, owner).run(silent)
    assert await pool.fetchval("SELECT count(*) FROM customer") == CUSTOMERS + 10
    async with background(listed.follow(Health(LISTING))):
        await fill(store, lives(10))
        await eventually(lambda: pool.fetchval(DONE, LISTING))
    assert await pool.fetchval("SELECT count(*) FROM customer") == CUSTOMERS + 20
