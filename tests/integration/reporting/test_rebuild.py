"""The reporting read model is rebuilt from its topics, and the BI views follow it."""

from dataclasses import replace
from uuid import uuid4

import pytest

from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.fact_log.fact import FactReader
from chassis.consume.fact_log.model import append
from chassis.consume.rebuild import SESSION, ReadModel, Rebuild
from chassis.kafka.client import ensure_topics
from chassis.migrate import Schema
from chassis.postgres.database import Pool, open_pool
from chassis.runtime.supervisor import Health
from contracts.customer import CustomerErased
from contracts.examples import example
from services.reporting import projection
from services.reporting.schema import SCHEMA
from tests.integration.reporting.conftest import MADE_AT, apply, rewrite
from tests.integration.reporting.test_feed import publish
from tests.integration.reporting.test_merging import next_fact
from tests.support.servers import Database, Servers
from tests.support.waiting import background, eventually
from tests.unit.reporting.story import ALERT_FACTS, CUSTOMER_FACTS, FOLLOWUP_FACTS, IN_TOPIC_ORDER

VIEWS = """
    SELECT c.oid::bigint, c.relname, c.reloptions, c.relacl::text FROM pg_class c
    WHERE c.relkind = 'v' AND c.relnamespace = 'bi'::regnamespace ORDER BY 2
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
        derive=projection.MODEL.derive,
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
