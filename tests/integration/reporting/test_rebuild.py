"""The reporting read model is rebuilt from its topics, and the BI views follow it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.fact_log.fact import FactReader
from chassis.consume.fact_log.model import append
from chassis.consume.rebuild import SESSION, ReadModel, Rebuild, open_owner_pool
from chassis.kafka.client import ensure_topics
from chassis.migrate import Schema
from chassis.postgres.database import COMMAND_TIMEOUT_SECONDS, Connection, Pool, open_pool, transaction
from chassis.runtime.supervisor import Health
from contracts.customer import CustomerErased
from contracts.examples import example
from services.reporting import projection
from services.reporting.projection.tables import CONTRACT, CUSTOMER
from services.reporting.schema import SCHEMA
from tests.integration.reporting.conftest import MADE_AT, apply, feed, feed_applier, rewrite
from tests.integration.reporting.test_feed import publish
from tests.integration.reporting.test_merging import next_fact
from tests.support.servers import Database, Servers
from tests.support.waiting import background, eventually
from tests.unit.reporting.story import ALERT_FACTS, CUSTOMER_FACTS, FOLLOWUP_FACTS, IN_TOPIC_ORDER

VIEWS = """
    SELECT c.oid::bigint, c.relname, c.reloptions, c.relacl::text FROM pg_class c
    WHERE c.relkind = 'v' AND c.relnamespace = 'bi'::regnamespace ORDER BY 2
"""
HALF = 6
# The commit of the transaction that reaches a position takes a second.
SLOW_COMMIT = """
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON consumer_position DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.position = {position}) EXECUTE FUNCTION slow()
"""
ERASED = next_fact(1, example(CustomerErased))
OLDEST_TABLE = "SELECT min(oid::bigint) FROM pg_class WHERE relname = ANY($1) AND relnamespace = 'public'::regnamespace"


@pytest.fixture
async def model(running: Servers, read_model: Pool) -> ReadModel:
    """A read model that has heard the story from three topics of its own."""
    bootstrap = running.infrastructure.kafka_bootstrap
    topics = [replace(topic, name=f"{topic.name}.{uuid4().hex}") for topic in projection.TOPICS]
    await ensure_topics(bootstrap, tuple(topics))
    for topic, facts in zip(topics, ([*CUSTOMER_FACTS, ERASED], FOLLOWUP_FACTS, ALERT_FACTS), strict=True):
        await publish(bootstrap, topic, facts)
    model = ReadModel(
        Applier(f"reporting-{uuid4().hex}", read_model, projection.apply, decode=FactReader(topics).read),
        projection.MODEL.names,
        lambda applier, health, shared: (
            Consumer(applier, topics, bootstrap=bootstrap, health=health, shared=shared).run
        ),
        fill=append,
        derive=projection.derive,
    )

    async def heard() -> bool:
        return bool(await read_model.fetchval("SELECT count(*) = $1 FROM fact", len(IN_TOPIC_ORDER) + 1))

    async with background(model.follow(Health("reporting"))):
        await eventually(heard)
    return model


async def test_the_views_show_the_new_tables_as_they_showed_the_old(
    read_model: Pool, reporting: Database, model: ReadModel
) -> None:
    reader = await open_pool(reporting.bi_reader, size=1, application_name="tests")
    owner = await open_pool(
        reporting.admin, size=4, application_name="tests", session={**SESSION, "role": "care_migrator"}
    )
    views = await read_model.fetch(VIEWS)
    names = [row["relname"] for row in views if not row["relname"].startswith("meta")]
    seen = {name: await reader.fetch(f"SELECT * FROM bi.{name} ORDER BY 1") for name in names}
    oldest = await read_model.fetchval(OLDEST_TABLE, list(projection.MODEL.names))

    await Rebuild(model, owner).run(lambda _share: None)

    assert await read_model.fetch(VIEWS) == views
    assert {name: await reader.fetch(f"SELECT * FROM bi.{name} ORDER BY 1") for name in names} == seen
    assert await read_model.fetchval(OLDEST_TABLE, list(projection.MODEL.names)) > oldest
    await owner.execute("TRUNCATE public.customer")
    assert await reader.fetch("SELECT * FROM bi.dim_customers") == []
    await reader.close()
    await owner.close()


async def test_a_rebuild_leaves_nothing_to_be_made_again_and_views_can_be_changed_after_it(
    reporting_admin: Pool, owner: str, model: ReadModel, changed: Schema
) -> None:
    rebuilding = await open_pool(owner, size=4, application_name="tests", session=SESSION)
    await Rebuild(model, rebuilding).run(lambda _share: None)
    await rebuilding.close()
    before = await reporting_admin.fetch(MADE_AT)
    await apply(SCHEMA, owner)
    assert await reporting_admin.fetch(MADE_AT) == before
    rewrite(changed, "fct_alerts", "SELECT a.alert_id, a.customer_id,", "SELECT a.customer_id, a.alert_id,")
    await apply(changed, owner)
    rows = await reporting_admin.fetch("SELECT alert_id, customer_id FROM bi.fct_alerts ORDER BY 1")
    assert rows == await reporting_admin.fetch("SELECT alert_id, customer_id FROM alert ORDER BY 1")
    assert rows


async def test_an_erasure_that_was_answered_is_not_answered_again(
    read_model: Pool, reporting: Database, model: ReadModel
) -> None:
    await read_model.execute("UPDATE erasure_received SET confirmed_at = now()")
    before = await read_model.fetch("SELECT * FROM erasure_received")
    assert [row["erasure_id"] for row in before] == [ERASED.id]
    owner = await open_pool(
        reporting.admin, size=4, application_name="tests", session={**SESSION, "role": "care_migrator"}
    )
    await Rebuild(model, owner).run(lambda _share: None)
    await owner.close()
    assert await read_model.fetch("SELECT * FROM erasure_received") == before
    assert await read_model.fetchval("SELECT count(*) FROM fact WHERE event_id = $1", ERASED.id) == 1


async def test_a_statement_of_a_rebuild_may_take_longer_than_one_of_a_request(
    read_model: Pool, owner: str, model: ReadModel
) -> None:
    async def derive(held: Connection) -> None:
        await projection.derive(held)
        await held.execute("SELECT pg_sleep($1)", COMMAND_TIMEOUT_SECONDS + 0.5)

    rebuilding = await open_owner_pool(owner)
    oldest = await read_model.fetchval(OLDEST_TABLE, list(projection.MODEL.names))
    await Rebuild(replace(model, derive=derive), rebuilding).run(lambda _share: None)
    await rebuilding.close()
    assert await read_model.fetchval(OLDEST_TABLE, list(projection.MODEL.names)) > oldest


async def test_an_erasure_that_only_the_rebuild_has_received_is_answered(
    read_model: Pool, reporting_admin: Pool, owner: str, model: ReadModel
) -> None:
    """The live consumer may be behind, and then continues after the erasure."""
    await reporting_admin.execute("DELETE FROM erasure_received")
    await reporting_admin.execute("UPDATE consumer_position SET position = $1 - 1 WHERE position = $1", ERASED.position)
    rebuilding = await open_owner_pool(owner)
    await Rebuild(model, rebuilding).run(lambda _share: None)
    await rebuilding.close()
    received = await read_model.fetch("SELECT erasure_id, subject, entries FROM erasure_received")
    assert [tuple(row) for row in received] == [(ERASED.id, ERASED.subject, 0)]


async def test_facts_that_are_committed_while_the_tables_are_derived_are_in_them(
    read_model: Pool, reporting_admin: Pool, owner: str
) -> None:
    await feed(read_model, CUSTOMER_FACTS[:HALF])
    await reporting_admin.execute(SLOW_COMMIT.format(position=CUSTOMER_FACTS[-1].position))

    async def derive(held: Connection) -> None:
        await projection.derive(held)
        await held.execute("SELECT pg_sleep(2)")

    is_applying = asyncio.Event()

    class AfterwardsRebuild(Rebuild):
        async def _derive(self) -> None:
            await is_applying.wait()
            await super()._derive()

    def halves(applier: Applier, _health: Health, _shared: bool) -> Callable[[], Awaitable[None]]:
        async def is_locked() -> bool:
            return applier.paused().locked()

        async def run() -> None:
            await feed_applier(applier, CUSTOMER_FACTS[:HALF])
            async with asyncio.TaskGroup() as group:
                group.create_task(feed_applier(applier, CUSTOMER_FACTS[HALF:]))
                await eventually(is_locked)
                is_applying.set()
            await asyncio.Event().wait()

        return run

    live = Applier("reporting", read_model, projection.apply)
    rebuilding = await open_owner_pool(owner)
    model = ReadModel(live, projection.MODEL.names, halves, append, derive)
    await AfterwardsRebuild(model, rebuilding).run(lambda _share: None)
    await rebuilding.close()
    rows = [await read_model.fetch(f"SELECT * FROM {name} ORDER BY 1") for name in ("customer", "contract")]
    for table in (CUSTOMER, CONTRACT):
        await reporting_admin.execute(f"TRUNCATE {table.name}")
        async with transaction(reporting_admin) as held:
            await table.fill(held)
    assert rows == [await read_model.fetch(f"SELECT * FROM {name} ORDER BY 1") for name in ("customer", "contract")]
    assert len(rows[1]) == 1
