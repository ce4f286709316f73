"""Cases 51 and 52: facts that BI tools did not find, and tools that build models."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid5
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from chassis.postgres.database import Pool, open_pool, transaction
from contracts import customer, followup
from contracts.event import Event
from contracts.examples import CUSTOMER_ID, OCCURRED_AT, QUOTE_ID, example, example_envelope
from deploy.stack.databases import BI_BUILDER, GRANT_BI_BUILDER
from services.reporting import projection
from services.reporting.queries.customers import ONE
from tests.support.facts import fact_of
from tests.support.servers import Database, Servers

registered = example(customer.Registered, external_system="crm", external_id="KH-0042")


@pytest.fixture
async def reporting(running: Servers) -> AsyncIterator[Database]:
    async with running.passing("reporting") as made:
        yield made


@pytest.fixture
async def read_model(reporting: Database) -> AsyncIterator[Pool]:
    """An empty read model."""
    opened = await open_pool(reporting.app, size=1, application_name="tests")
    yield opened
    await opened.close()


@pytest.fixture
async def reader(reporting: Database) -> AsyncIterator[Pool]:
    """The same database, as a BI tool."""
    opened = await open_pool(reporting.bi_reader, size=1, application_name="tests")
    yield opened
    await opened.close()


async def told(pool: Pool, *events: Event) -> None:
    """Apply events of one customer, each with the stream of its example."""
    facts = [
        fact_of(example_envelope(event, id=uuid5(CUSTOMER_ID, str(number)), position=number, version=number))
        for number, event in enumerate(events, start=1)
    ]
    async with transaction(pool) as held:
        await projection.apply(facts, held)


async def rows(pool: Pool, columns: str, view: str) -> list[tuple[Any, ...]]:
    found = await pool.fetch(f"SELECT {columns} FROM bi.{view} ORDER BY 1, 2")
    return [tuple(row) for row in found]


async def test_51_numbers_of_other_systems(read_model: Pool, reader: Pool) -> None:
    erp = customer.ReferenceAdded(external_system="erp", external_id="9001")
    order = example(customer.OrderPlaced, external_system="shop", external_id="O-7")
    contract = example(customer.ContractSigned, external_system="erp", external_id="V-3")
    await told(read_model, registered, erp, order, contract)
    assert await rows(reader, "source_system, customer_number, is_first", "dim_customer_numbers") == [
        ("crm", "KH-0042", True),
        ("erp", "9001", False),
    ]
    assert await rows(reader, "source_system, order_number", "fct_orders") == [("shop", "O-7")]
    assert await rows(reader, "source_system, contract_number", "fct_contracts") == [("erp", "V-3")]


EARLIER = OCCURRED_AT - timedelta(days=400)
EARLIER_FACTS: list[tuple[Event, datetime | None]] = [
    (customer.ProfileChanged(last_contacted_at=EARLIER), EARLIER),
    (example(customer.OrderPlaced), EARLIER),
    (example(customer.QuoteRequested), EARLIER),
    (example(customer.QuoteIssued), EARLIER),
    (example(customer.ContractSigned), EARLIER),
    (example(followup.ContactLogged, automated=False), EARLIER),
    (example(followup.ComplaintRaised), EARLIER),
    (example(followup.SurveyAnswered), EARLIER),
    # These are no facts by which the customer is known.
    (example(followup.ContactLogged, automated=True), None),
    (example(customer.StageChanged), None),
]


@pytest.mark.parametrize(("fact", "since"), EARLIER_FACTS, ids=lambda each: getattr(each, "type", None))
async def test_37_the_earliest_fact_dates_a_customer_for_bi_and_for_rest(
    read_model: Pool, reader: Pool, fact: Event, since: datetime | None
) -> None:
    sent = example(followup.SurveySent)
    await told(read_model, registered, *([sent] if isinstance(fact, followup.SurveyAnswered) else []))
    late = example_envelope(fact, id=uuid5(CUSTOMER_ID, "late"), position=9, version=9, occurred_at=EARLIER)
    async with transaction(read_model) as held:
        await projection.apply([fact_of(late)], held)
    expected = since or OCCURRED_AT
    [shown] = await reader.fetch("SELECT registered_at, registered_date FROM bi.dim_customers")
    assert tuple(shown) == (expected, expected.astimezone(ZoneInfo("Asia/Shanghai")).date())
    answered = await read_model.fetch(ONE, OCCURRED_AT, CUSTOMER_ID)
    assert [row["registered_at"] for row in answered] == [expected]


async def test_51_referrals(read_model: Pool, reader: Pool) -> None:
    referral = example(customer.ReferralMade)
    await told(read_model, registered, referral)
    assert await rows(reader, "customer_id, referred_customer_id", "fct_referrals") == [
        (CUSTOMER_ID, referral.referred_customer_id)
    ]


async def test_51_quotes(read_model: Pool, reader: Pool) -> None:
    requested = example(customer.QuoteRequested, category="cloud")
    first, second = (customer.QuoteIssued(amount_minor=amount, currency="CNY") for amount in (900, 700))
    await told(read_model, registered, requested, first, second, customer.QuoteCompared(competitor="rival"))
    columns = "quote_id, product_category, issue_count, amount_minor, currency, comparison_count, competitor, is_issued"
    assert await rows(reader, columns, "fct_quotes") == [(QUOTE_ID, "cloud", 2, 700, "CNY", 1, "rival", True)]


async def test_51_tags_and_the_history_of_tiers(read_model: Pool, reader: Pool) -> None:
    added = [customer.TagAdded(tag=tag, vocabulary_number=1) for tag in ("golf", "tea")]
    by_rule = example(customer.TierChanged, scheme="default", previous=None, tier="growth")
    by_hand = customer.TierChanged(scheme="default", previous="growth", tier="vip")
    await told(read_model, registered, *added, customer.TagRemoved(tag="golf"), by_rule, by_hand)
    assert await rows(reader, "customer_id, tag", "dim_customer_tags") == [(CUSTOMER_ID, "tea")]
    assert sorted(await rows(reader, "tag, is_added", "fct_tag_changes")) == [
        ("golf", False),
        ("golf", True),
        ("tea", True),
    ]
    assert await rows(reader, "tier_scheme, tier, previous_tier, is_manual", "fct_tier_changes") == [
        ("default", "growth", None, by_rule.basis is None),
        ("default", "vip", "growth", True),
    ]


async def test_51_the_calendar_begins_with_the_earliest_fact(read_model: Pool, reader: Pool) -> None:
    first_day = "SELECT min(calendar_date)::text FROM bi.dim_dates"
    assert await reader.fetchval(first_day) == "2020-01-01"
    order = example_envelope(example(customer.OrderPlaced))
    early = fact_of(order)._replace(occurred_at=order.occurred_at.replace(year=1997))
    async with transaction(read_model) as held:
        await projection.apply([early], held)
    assert await reader.fetchval(first_day) == "1997-01-01"


async def test_52_a_tool_that_builds_models_has_a_schema_of_its_own(reporting: Database, reader: Pool) -> None:
    # A copy of a database does not have the privileges of the original.
    admin = await asyncpg.connect(reporting.admin)
    await admin.execute(await admin.fetchval(GRANT_BI_BUILDER, urlsplit(reporting.admin).path[1:], BI_BUILDER))
    await admin.close()
    builder = await asyncpg.connect(reporting.bi_builder)
    await builder.execute("CREATE SCHEMA analytics")
    await builder.execute("CREATE TABLE analytics.stages AS SELECT stage, count(*) FROM bi.dim_customers GROUP BY 1")
    await builder.execute("GRANT USAGE ON SCHEMA analytics TO bi_reader; GRANT SELECT ON analytics.stages TO bi_reader")
    assert await reader.fetch("SELECT * FROM analytics.stages") == []
    for refused in ("SELECT * FROM fact", "CREATE TABLE bi.mine (n integer)", "CREATE TABLE public.mine (n integer)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await builder.execute(refused)
    await builder.close()
