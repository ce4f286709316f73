"""A store is restored from an older copy, and the read model had received events that are lost."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from chassis.consume.delivery import Delivery
from chassis.consume.parked_events import ParkedEvents
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.store.event_store import EventStore
from contracts.examples import CUSTOMER_ID
from deploy.restore.declaration import declare
from deploy.restore.observation import Connections, applied, connected, stores
from services.reporting import projection
from tests.faults.support.facts import commit
from tests.integration.reporting.conftest import feed
from tests.integration.reporting.test_fact_log import SOURCE, apply, envelopes, with_data
from tests.support.facts import facts_of
from tests.support.servers import Database, Servers
from tests.unit.reporting.story import CUSTOMER_FACTS, IN_TOPIC_ORDER

KEPT = 8
LOST = Delivery(SOURCE, 2 * KEPT - 1, 0, CUSTOMER_ID, {}, None, None)
STORES = ("customer", "followup", "alerts")


@pytest.fixture
async def databases(running: Servers, reporting: Database) -> AsyncIterator[Connections]:
    """The database of `read_model`, and stores of which customer holds KEPT events and the others none."""
    async with AsyncExitStack() as stack:
        made = {name: await stack.enter_async_context(running.passing(name)) for name in STORES}
        pool = await open_pool(made["customer"].app, size=2, application_name="tests")
        await commit(EventStore(pool), KEPT)
        await pool.close()
        urls = {name: each.admin for name, each in (made | {"reporting": reporting}).items()}
        yield await stack.enter_async_context(connected(urls))


async def restore(databases: Connections) -> None:
    found = {store.name: store for store in await stores(databases)}
    await declare(databases, found, await applied(databases, found))


async def rows_of(pool: Pool) -> dict[str, list[Any]]:
    return {name: await pool.fetch(f"SELECT * FROM {name} ORDER BY 1, 2") for name in projection.MODEL.names}


async def test_62_the_read_model_is_as_if_the_lost_events_had_never_been_received(
    read_model: Pool, databases: Connections, running: Servers
) -> None:
    await feed(read_model, IN_TOPIC_ORDER)
    await restore(databases)
    async with running.passing("reporting") as made:
        other = await open_pool(made.app, size=2, application_name="tests")
        await feed(other, CUSTOMER_FACTS[:KEPT])
        expected = await rows_of(other)
        await other.close()
    assert await rows_of(read_model) == expected
    assert len(expected["customer"]) == 2


async def test_62_new_events_at_the_positions_of_lost_ones_are_applied(
    read_model: Pool, databases: Connections
) -> None:
    await feed(read_model, CUSTOMER_FACTS)
    await restore(databases)
    new = [replace(each, position=KEPT + each.position) for each in envelopes(100)]
    await apply(read_model, facts_of(new))
    assert await read_model.fetchval("SELECT count(*) FROM fact WHERE feed = 'customer'") == KEPT + len(new)
    assert await read_model.fetchval("SELECT count(*) FROM customer") == 2 + len(new)
    assert await read_model.fetchval("SELECT count(*) FROM parked_event") == 0


async def test_62_a_lost_event_that_is_parked_does_not_hold_back_the_event_at_its_position(
    read_model: Pool, databases: Connections
) -> None:
    facts = facts_of(envelopes(2 * KEPT))
    facts[-1] = with_data(envelopes(2 * KEPT)[-1], colour="a\0b")
    await apply(read_model, facts)
    parked = ParkedEvents("reporting")
    assert [row["first_position"] for row in await parked.summary(read_model)] == [2 * KEPT]
    async with transaction(read_model) as held:
        await parked.park(held, [LOST], "broken")
        await parked.discard(held, LOST.subject)
    await restore(databases)
    assert await parked.summary(read_model) == []
    async with transaction(read_model) as held:
        assert await parked.discarded(held) == set()
