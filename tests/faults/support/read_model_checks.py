"""Checks that reporting's read model matches the store after faults of its consumers."""

from chassis.postgres.database import Pool
from chassis.publish.relay import Relay
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from contracts.example_records import EXAMPLE_URL
from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import Deployment
from tests.support.waiting import eventually


def relay_for(deployment: Deployment, pool: Pool) -> Relay:
    return Relay(
        EventStore(pool),
        pool,
        deployment.topic,
        bootstrap=deployment.bootstrap,
        public_url=EXAMPLE_URL,
        health=Health("relay"),
    )


async def read_model_caught_up(pool: Pool, read_model: Pool) -> None:
    """Wait until every event of the store has a row in the read model."""

    async def level() -> bool:
        count = await read_model.fetchval("SELECT count(*) FROM fact")
        return bool(count == await pool.fetchval("SELECT count(*) FROM event"))

    await eventually(level)


async def check_read_model(pool: Pool, read_model: Pool) -> None:
    stored = await evidence.stored(pool)
    expected = evidence.reported_customers(stored)
    event_ids = [row["event_id"] for row in await read_model.fetch("SELECT event_id FROM fact")]
    oracle.hold(
        oracle.same_rows("customer", expected, await evidence.customer_list(read_model)),
        oracle.same_rows("fact", {fact.id: 1 for fact in stored}, dict.fromkeys(event_ids, 1)),
    )
    assert await read_model.fetchval("SELECT count(*) FROM parked_event") == 0
