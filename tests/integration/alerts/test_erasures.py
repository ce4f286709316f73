"""The statement of received erasures: of a customer, its key contacts and its duplicates."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from chassis.postgres.database import Pool, open_pool, transaction
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import CustomerErased, KeyContactErased, Merged, Registered, Unmerged
from contracts.event import Event
from contracts.examples import CUSTOMER_ID, example, example_envelope
from services.alerts.detection.detector import Detector
from services.alerts.queries.alerts import AlertQueries
from tests.support.rule_books import THREE_RULES
from tests.support.servers import Servers

DUPLICATE_ID = UUID("01900000-0000-7000-8000-0000000000f1")


@pytest.fixture
async def alerts(running: Servers) -> AsyncIterator[Pool]:
    async with running.passing("alerts") as database:
        pool = await open_pool(database.app, size=4, application_name="tests")
        yield pool
        await pool.close()


async def tell(pool: Pool, fact: Event, subject: UUID = CUSTOMER_ID) -> UUID:
    """Let a fact come in, twice, as after a position was lost; return its id."""
    envelope = example_envelope(fact, id=uuid4(), subject=subject, stream_id=subject)
    detector = Detector(EventStore(pool), pool, EventMapper(), THREE_RULES)
    for _ in range(2):
        async with transaction(pool) as held:
            await detector.evaluate([envelope], held)
    return envelope.id


async def heard(pool: Pool, customer_id: UUID = CUSTOMER_ID) -> list[UUID]:
    said = await AlertQueries(pool).statement(customer_id)
    assert (said.service, said.entries) == ("alerts", 0)
    return said.received


async def test_received_erasures_include_those_of_key_contacts_and_duplicates(alerts: Pool) -> None:
    whole, person = example(CustomerErased), example(KeyContactErased)
    for each in (CUSTOMER_ID, DUPLICATE_ID):
        await tell(alerts, example(Registered), each)
    assert await heard(alerts) == []
    await tell(alerts, Merged(into_customer_id=CUSTOMER_ID), DUPLICATE_ID)
    of_duplicate = [await tell(alerts, person, DUPLICATE_ID)]
    own = [await tell(alerts, person), await tell(alerts, whole)]
    of_duplicate.append(await tell(alerts, whole, DUPLICATE_ID))
    assert await heard(alerts) == [*own, *of_duplicate]
    await tell(alerts, Unmerged(from_customer_id=CUSTOMER_ID), DUPLICATE_ID)
    assert await heard(alerts) == own
    assert await heard(alerts, DUPLICATE_ID) == of_duplicate
