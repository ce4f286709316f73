"""What a BI tool sees: documented views, and nothing else."""

import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from chassis.consume.positions import NEVER
from chassis.postgres.database import Pool, open_pool
from services.reporting.business_zone import save_zone
from tests.support.guides import examples
from tests.support.servers import Database
from tests.unit.reporting.story import day

VIEWS = {
    "dim_customers": 2,
    "dim_customer_ids": 2,
    "dim_customer_numbers": 2,
    "dim_customer_tags": 0,
    "dim_employees": 5,
    "dim_dates": 5844,
    "fct_followups": 3,
    "fct_contacts": 3,
    "fct_complaints": 1,
    "fct_plans": 1,
    "fct_surveys": 1,
    "fct_orders": 1,
    "fct_quotes": 0,
    "fct_referrals": 0,
    "fct_tag_changes": 0,
    "fct_tier_changes": 1,
    "fct_contracts": 1,
    "fct_alerts": 2,
    "fct_lifecycle_transitions": 4,
    "meta_freshness": 3,
}
POSITIONS_OF_A_REBUILD = """
    INSERT INTO consumer_position SELECT 'reporting-0a1b2c3d', topic, partition, 1, 'epoch' FROM consumer_position
"""
REFUSED = (
    "SELECT * FROM customer",
    "SELECT * FROM fact",
    "SELECT * FROM consumer_position",
    "SELECT * FROM parked_event",
    "SELECT * FROM business_zone",
    "SELECT * FROM schema_migrations",
    "SELECT pg_read_file('/etc/hosts')",
)
WRITES = (
    "INSERT INTO bi.dim_customers (customer_id) VALUES (gen_random_uuid())",
    "UPDATE bi.fct_followups SET outcome = 'x'",
    "DELETE FROM bi.fct_alerts",
    "CREATE TABLE mine (n integer)",
    "CREATE TABLE bi.mine (n integer)",
    "DROP VIEW bi.fct_alerts",
)
UNDESCRIBED = """
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'bi'
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE coalesce(obj_description(c.oid), '') NOT LIKE '% / %'
       OR coalesce(col_description(c.oid, a.attnum), '') !~ ' / .*[\\u4e00-\\u9fff]'
"""
NEVER_ANALYSED = """
    SELECT last_analyze IS NULL AND last_autoanalyze IS NULL FROM pg_stat_user_tables WHERE relname = 'business_zone'
"""
# PostgreSQL's default of jit_above_cost: a plan that seems more expensive is compiled, which takes seconds.
JIT_ABOVE_COST = 100_000
QUERIES = examples("bi.md", "sql")
CHINESE_QUERIES = examples("zh/报表.md", "sql")

pytestmark = pytest.mark.usefixtures("story")


@pytest.fixture
async def reader(reporting: Database) -> AsyncIterator[Pool]:
    """The BI reader's own login."""
    opened = await open_pool(reporting.bi_reader, size=1, application_name="bi")
    yield opened
    await opened.close()


@pytest.mark.parametrize(("view", "rows"), VIEWS.items())
async def test_the_reader_reads_every_view(reader: Pool, view: str, rows: int) -> None:
    assert len(await reader.fetch(f"SELECT * FROM bi.{view}")) == rows


async def test_there_are_no_other_views(reader: Pool) -> None:
    found = await reader.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'bi'")
    assert {row["table_name"] for row in found} == VIEWS.keys()


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_reader_is_refused_what_lies_beneath(reader: Pool, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reader.execute(statement)


@pytest.mark.parametrize("statement", WRITES)
async def test_the_reader_writes_nothing_even_where_it_asks_to(reader: Pool, statement: str) -> None:
    async with reader.acquire() as held:
        await held.execute("SET default_transaction_read_only = off")
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ObjectNotInPrerequisiteStateError)):
            await held.execute(statement)


async def test_the_reader_has_no_right_outside_the_views(reader: Pool) -> None:
    granted = await reader.fetch(
        "SELECT DISTINCT table_schema, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'bi_reader'"
    )
    assert [tuple(row) for row in granted] == [("bi", "SELECT")]


@pytest.mark.parametrize("query", QUERIES + CHINESE_QUERIES, ids=lambda query: query.split()[1])
async def test_the_queries_of_the_guides_run(reader: Pool, query: str) -> None:
    await reader.fetch(query)


def test_the_guides_have_queries() -> None:
    assert len(QUERIES) >= 7
    assert len(CHINESE_QUERIES) >= 7


@pytest.mark.usefixtures("story")
async def test_effort_and_value_of_a_tier_are_shares_of_all(reader: Pool, reporting_admin: Pool) -> None:
    await reporting_admin.execute("UPDATE fact SET occurred_at = now(); UPDATE customer_order SET placed_at = now()")
    (query,) = [each for each in QUERIES if "share_of_orders" in each]
    rows = {row["tier"]: (row["share_of_contacts"], row["share_of_orders"]) for row in await reader.fetch(query)}
    assert rows == {"vip": (Decimal("0.5000"), Decimal("1.0000")), None: (Decimal("0.5000"), Decimal("0.0000"))}


async def test_every_view_and_column_is_described_in_both_languages(story: Pool) -> None:
    assert await story.fetch(UNDESCRIBED) == []


async def test_dates_are_those_of_the_business_zone(reader: Pool, story: Pool) -> None:
    late_evening = "SELECT completed_date::text FROM bi.fct_followups WHERE completed_at = $1"
    assert await reader.fetchval(late_evening, day(7)) == "2026-03-09"
    await save_zone(story, "America/Los_Angeles")
    assert await reader.fetchval(late_evening, day(7)) == "2026-03-08"


@pytest.mark.parametrize("view", [view for view in VIEWS if view.startswith("fct_")])
async def test_50_the_plan_of_a_view_does_not_depend_on_statistics_of_the_business_zone(
    reader: Pool, story: Pool, view: str
) -> None:
    """A table of one row is never analysed on its own, and PostgreSQL assumes over a thousand rows for it."""
    assert await story.fetchval(NEVER_ANALYSED) is True
    plan = json.loads(await reader.fetchval(f"EXPLAIN (FORMAT JSON) SELECT * FROM bi.{view}"))[0]["Plan"]
    zones = [node for node in nodes(plan) if node["Node Type"] == "Limit"]
    assert [node["Plan Rows"] for node in zones] == [1]
    assert plan["Total Cost"] < JIT_ABOVE_COST


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


async def test_weeks_are_iso_weeks(reader: Pool) -> None:
    row = await reader.fetchrow("SELECT * FROM bi.dim_dates WHERE calendar_date = '2027-01-03'")
    assert row is not None
    assert (row["iso_year"], row["iso_week"], row["iso_day_of_week"], row["is_weekend"]) == (2026, 53, 7, True)
    assert row["calendar_status"] == "provisional"


async def test_a_complaint_shows_its_clock(reader: Pool) -> None:
    row = await reader.fetchrow("SELECT * FROM bi.fct_complaints")
    assert row is not None
    assert (row["answer_by"], row["resolve_by"], row["is_answered_in_time"]) == (day(3.7), day(5.2), False)
    assert (row["pause_count"], row["paused_seconds"], row["repeat_number"]) == (1, 17_280, 3)
    assert (row["is_paused"], row["is_answer_overdue"], row["is_resolution_overdue"]) == (False, False, True)


async def test_orders_contracts_and_plans_say_how_they_stand(reader: Pool) -> None:
    order, contract, plan = [
        (await reader.fetch(f"SELECT * FROM bi.{view}"))[0] for view in ("fct_orders", "fct_contracts", "fct_plans")
    ]
    assert (order["is_delivered"], order["delivered_at"], order["delivered_date"].isoformat()) == (
        *(True, day(4)),
        "2026-03-06",
    )
    assert (contract["is_in_force"], contract["is_run_out"]) == (False, True)
    assert (plan["is_running"], plan["template_name"], plan["followup_count"]) == (True, "after-hesitation", 0)


async def test_a_stage_left_in_the_same_instant_is_marked(reader: Pool) -> None:
    rows = await reader.fetch("SELECT stage, is_passed_through FROM bi.fct_lifecycle_transitions ORDER BY occurred_at")
    assert sorted((row["stage"], row["is_passed_through"]) for row in rows) == [
        ("interested", False),
        ("new", False),
        ("new", True),
        ("signed", False),
    ]


async def test_freshness_tells_position_last_event_and_lag(reader: Pool, story: Pool) -> None:
    await story.execute("UPDATE consumer_position SET watermark = $1 WHERE topic LIKE '%alert%'", NEVER)
    # A rebuild that runs has positions of its own.
    await story.execute(POSITIONS_OF_A_REBUILD)
    found = await reader.fetch("SELECT * FROM bi.meta_freshness")
    rows = {row["topic"]: row for row in found}
    assert len(found) == len(rows)
    customers, alerts = rows["care.customer.events.v1"], rows["care.alert.events.v1"]
    assert (customers["consumer"], customers["position"]) == ("reporting", 12)
    assert customers["last_event_recorded_at"] == customers["complete_until_at"]
    assert customers["lag_seconds"] > 0
    assert (alerts["complete_until_at"], alerts["lag_seconds"]) == (None, None)
