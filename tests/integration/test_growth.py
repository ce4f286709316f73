"""docs/operations.md says of every table and topic what makes it grow; the doctor measures them on a real database."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from chassis.files.retention import RESULT_RETENTION
from chassis.kafka.client import ensure_topics, new_producer
from contracts.topics import CUSTOMER_INBOUND, ERASURE_ANSWERS, TOPICS, WATERMARKS
from deploy.doctor import growth, sizes
from deploy.stack.databases import SERVICES
from tests.support.servers import Servers

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
SECTION = re.compile(r"## What grows\n(.*?)\n## ", re.DOTALL)
TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relname !~ '^idempotency_[0-9]{8}$'
"""
CREATE_PARTITION = """
    CREATE TABLE idempotency_{day:%Y%m%d} PARTITION OF idempotency FOR VALUES FROM ('{day}') TO ('{end}')
"""
ADD_IMPORT = """
    INSERT INTO import_batch (id, created_by, rows, status, ended_at)
    VALUES (gen_random_uuid(), 'E1', 1, 'succeeded', clock_timestamp() - $1::interval)
"""


def rows_of_page() -> list[tuple[str, set[str]]]:
    """Return the first cell of each row of the section, and the names in the second cell or, for topics, the first."""
    found = SECTION.search(PAGE.read_text())
    assert found
    cells = [line.split(" | ") for line in found[1].splitlines() if line.startswith("| ")]
    return [(row[0].removeprefix("| "), set(re.findall(r"`([^`]+)`", row[0] + row[1]))) for row in cells]


@pytest.mark.parametrize("service", SERVICES)
async def test_the_page_and_the_doctor_name_every_table_of_a_service(running: Servers, service: str) -> None:
    documented = [names for services, names in rows_of_page() if service in services.split(", ")]
    async with running.passing(service) as database:
        connection = await asyncpg.connect(database.admin)
        tables = {row["relname"] for row in await connection.fetch(TABLES)}
        await connection.close()
    assert sorted(name for names in documented for name in names) == sorted(tables)
    assert tables <= growth.KEPT.keys()


def test_the_page_names_every_topic() -> None:
    documented = {name for _, names in rows_of_page() for name in names if name.startswith("care.")}
    assert documented == {topic.name for topic in (*TOPICS, *WATERMARKS, *ERASURE_ANSWERS, CUSTOMER_INBOUND)}


async def test_the_doctor_knows_no_table_that_does_not_exist(running: Servers) -> None:
    existing: set[str] = set()
    for service in SERVICES:
        async with running.passing(service) as database:
            connection = await asyncpg.connect(database.app)
            existing |= {each.name for each in (await sizes.growth(connection)).tables}
            await connection.close()
    assert existing == growth.KEPT.keys()


async def test_the_doctor_measures_tables_and_counts_what_should_have_been_deleted(running: Servers) -> None:
    day = datetime.now(UTC).date() - timedelta(days=2)
    async with running.passing("customer") as database:
        owner = await asyncpg.connect(database.admin)
        before = await sizes.growth(owner)
        await owner.execute(CREATE_PARTITION.format(day=day, end=day + timedelta(days=1)))
        await owner.execute(ADD_IMPORT, RESULT_RETENTION)
        await owner.execute(ADD_IMPORT, RESULT_RETENTION + timedelta(days=2))
        after = await sizes.growth(owner)
        await owner.close()
    assert (before.overdue_partitions, before.overdue_imports) == (0, 0)
    assert (after.overdue_partitions, after.overdue_imports) == (1, 1)
    assert [each.bytes for each in after.tables] == sorted((each.bytes for each in after.tables), reverse=True)
    assert {each.name: each.bytes for each in after.tables}["import_batch"] > 0


async def test_the_doctor_counts_the_records_of_topics_of_watermarks(running: Servers) -> None:
    bootstrap, topic = running.infrastructure.kafka_bootstrap, replace(WATERMARKS[0], name=f"w-{uuid4().hex}")
    await ensure_topics(bootstrap, (topic,))
    assert await sizes.records_to_end(bootstrap, [topic]) == {topic.name: 0}
    producer = new_producer(bootstrap, "tests", idempotence=True)
    await producer.start()
    for _ in range(3):
        await producer.send_and_wait(topic.name, b"{}", b"2", partition=2)
    await producer.stop()
    assert await sizes.records_to_end(bootstrap, [topic]) == {topic.name: 3}
    assert await sizes.records_to_end(bootstrap, []) == {}
