"""After the migration, a database with old names has the same content under the new names."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.consume.inbound_message import read_message
from chassis.migrate import Schema, migrate
from chassis.postgres.database import Pool, open_pool
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import MarkedDistinct, NewsRecorded, Registered
from contracts.erasure_answers import CONFIRMATIONS, ErasureConfirmed
from contracts.followup import WordsErased
from contracts.inbound import INBOUND, CompanyStated, OrderDelivered
from deploy.stack.schemas import SCHEMAS
from tests.support.appends import rows_of
from tests.support.servers import Servers, at

OLD = Path(__file__).parent / "old_names"
RENAMING = "20261129"
# Migrations of later days follow those that rename.
LATER = ("20261130*", "20261201*")
# What the names of tables, indexes and columns must not hold any more.
GONE = r"purge|heard|told|\mtouch(_|\M)"
LEFT = """
    SELECT c.relname || coalesce('.' || a.attname, '') AS name FROM pg_class c
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND c.relkind <> 'i'
    WHERE c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'bi'))
        AND c.relname || coalesce('.' || a.attname, '') ~ $1
"""
PARKED = "SELECT consumer, topic, headers, value FROM parked_event ORDER BY consumer, position"
ERASURE_ID, STREAM = UUID("01900000-0000-7000-8000-0000000000e1"), UUID("01900000-0000-7000-8000-000000000001")

Migrated = Callable[[str], Awaitable[Pool]]


@pytest.fixture
async def migrated(running: Servers, tmp_path: Path) -> AsyncIterator[Migrated]:
    """Return a function that provides a service's database: created with the old names, filled, then migrated."""

    async def make(service: str) -> Pool:
        name, url = await stack.enter_async_context(emptied(running, service))
        await asyncio.to_thread(migrate, before(SCHEMAS[service], tmp_path), url)
        pool = await open_pool(at(running.infrastructure.postgres_admin_url, name), size=1, application_name="tests")
        stack.push_async_callback(pool.close)
        await pool.execute((OLD / f"{service}.sql").read_text())
        await asyncio.to_thread(migrate, SCHEMAS[service], url)
        return pool

    async with AsyncExitStack() as stack:
        yield make


@asynccontextmanager
async def emptied(running: Servers, service: str) -> AsyncIterator[tuple[str, str]]:
    """Provide the name and the owner's address of an empty database."""
    name = f"old_names_{service}"
    admin = await asyncpg.connect(running.infrastructure.postgres_admin_url)
    await admin.execute(f"CREATE DATABASE {name} OWNER care_migrator")
    yield name, at(running.templates.migrator[service], name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


def before(schema: Schema, folder: Path) -> Schema:
    """Return the schema without the migrations that rename, and without views, which use the new columns."""
    kept = []
    for number, source in enumerate(schema.migrations):
        kept.append(folder / str(number))
        shutil.copytree(source, kept[-1], ignore=shutil.ignore_patterns(f"{RENAMING}*", *LATER, "*.py", "__pycache__"))
    return replace(schema, migrations=tuple(kept), views=None)


async def parked(pool: Pool) -> list[dict[str, Any]]:
    return [dict(row) for row in await pool.fetch(PARKED)]


@pytest.mark.parametrize("service", SCHEMAS)
async def test_no_table_index_or_column_has_an_old_name(migrated: Migrated, service: str) -> None:
    pool = await migrated(service)
    assert await pool.fetch(LEFT, GONE) == []


async def test_the_events_of_a_customer_can_be_read(migrated: Migrated) -> None:
    pool = await migrated("customer")
    rows = await rows_of(EventStore(pool), STREAM)
    events = [EventMapper().to_envelope(row).event for row in rows]
    assert [type(event) for event in events[:3]] == [Registered, MarkedDistinct, NewsRecorded]
    assert isinstance(events[0], Registered)
    assert (events[0].source, len(events)) == ("inbound", 4)


async def test_erasures_and_interactions_of_customer_are_unchanged(migrated: Migrated) -> None:
    pool = await migrated("customer")
    assert await pool.fetchval("SELECT entries FROM erasure WHERE erased_at = '2024-06-03T01:03:00Z'") == 3
    assert await pool.fetchval("SELECT entries FROM erasure_answer WHERE erased_at = '2024-06-03T01:04:00Z'") == 7
    assert await pool.fetchval("SELECT service FROM erasure_confirmation WHERE received_at IS NOT NULL") == "alerts"
    assert await pool.fetchval("SELECT score FROM interaction WHERE interaction_id IS NOT NULL") == 9
    assert await pool.fetchval("SELECT key FROM idempotency") == "customer-inbound|erp|so-1007"


@pytest.mark.parametrize("service", ["customer", "followup", "alerts"])
async def test_the_vault_still_rejects_personal_data_of_erased_customers(migrated: Migrated, service: str) -> None:
    pool = await migrated(service)
    await pool.execute("INSERT INTO erasure (subject, version, entries) VALUES ($1, 9, 0)", ERASURE_ID)
    await pool.execute("INSERT INTO vault (id, subject, field, value) VALUES ($1, $1, 'text', 'late')", ERASURE_ID)
    assert await pool.fetchval("SELECT count(*) FROM vault WHERE subject = $1", ERASURE_ID) == 0


async def test_parked_events_of_customer_can_be_replayed(migrated: Migrated) -> None:
    answer, stated, delivered, unreadable, answered = await parked(await migrated("customer"))
    assert (answer["consumer"], answer["topic"]) == ("customer-erasure-answers", "care.alert.erasure-answers.v1")
    assert isinstance(read_message(answer["headers"], answer["value"], CONFIRMATIONS).data, ErasureConfirmed)
    assert (stated["consumer"], stated["topic"]) == ("customer-inbound", "care.customer.inbound.v1")
    assert isinstance(read_message(stated["headers"], stated["value"], INBOUND).data, CompanyStated)
    assert isinstance(read_message(delivered["headers"], delivered["value"], INBOUND).data, OrderDelivered)
    assert (unreadable["headers"]["ce_type"], unreadable["value"]) == ("care.inbound.order-placed.v1", b"\xff\0")
    assert WordsErased.model_validate_json(answered["value"]).entries == 7
    assert answered["headers"] == {
        "ce_type": "care.followup.words-erased.v1",
        "ce_dataschema": "/schemas/care.followup.words-erased.v1.json",
    }


async def test_the_events_of_followup_can_be_read_and_complaints_are_unchanged(migrated: Migrated) -> None:
    pool = await migrated("followup")
    # The fourth is a template, of which the fixture holds only the part that names event types.
    rows = await EventStore(pool).read_all(after=0, limit=3)
    types = [EventMapper().to_envelope(row).event.type for row in rows]
    assert types == [
        "care.followup.complaint-communicated.v1",
        "care.followup.words-erased.v1",
        "care.followup.complaint-confirmed.v1",
    ]
    complaints = await pool.fetch("SELECT state, communicated_at IS NULL AS never FROM complaint ORDER BY complaint_id")
    assert [tuple(row) for row in complaints] == [("communicated", False), ("closed", True)]


@pytest.mark.parametrize(
    ("service", "type_of_now"),
    [
        ("followup", "care.customer.marked-distinct.v1"),
        ("alerts", "care.followup.complaint-communicated.v1"),
        ("reporting", "care.followup.complaint-communicated.v1"),
    ],
)
async def test_parked_events_of_the_others_have_the_new_type(
    migrated: Migrated, service: str, type_of_now: str
) -> None:
    [row] = await parked(await migrated(service))
    assert (row["headers"]["ce_type"], json.loads(row["value"])["type"]) == (type_of_now, type_of_now)


@pytest.mark.parametrize("service", ["alerts", "reporting"])
async def test_received_erasures_are_unchanged(migrated: Migrated, service: str) -> None:
    pool = await migrated(service)
    row = await pool.fetchrow("SELECT erasure_id, confirmed_at IS NULL AS unanswered FROM erasure_received")
    assert row is not None
    assert tuple(row) == (ERASURE_ID, service == "alerts")


async def test_the_timeline_and_the_views_have_the_new_names(migrated: Migrated) -> None:
    pool = await migrated("reporting")
    types = await pool.fetch("SELECT type FROM fact ORDER BY feed, position")
    assert [row["type"].split(".")[2] for row in types] == [
        *("registered", "marked-distinct", "news-recorded"),
        *("complaint-communicated", "words-erased"),
    ]
    assert await pool.fetchval("SELECT data ->> 'source' FROM fact WHERE data ? 'source'") == "inbound"
    assert str(await pool.fetchval("SELECT communicated_at FROM bi.fct_complaints")).startswith("2024-06-03 01:00")


async def test_configuration_that_names_event_types_names_the_new_ones(migrated: Migrated) -> None:
    pool = await migrated("followup")
    state = await pool.fetchval("SELECT convert_from(state, 'UTF8') FROM event WHERE position = 4")
    assert json.loads(state)["data"]["starts_on"] == [{"event": "care.followup.complaint-communicated.v1"}]
    assert await pool.fetchval("SELECT data FROM plan_template") == {
        "starts_on": [{"event": "care.followup.complaint-communicated.v1"}],
        "ends_on": [{"event": "care.customer.news-recorded.v1"}],
    }
