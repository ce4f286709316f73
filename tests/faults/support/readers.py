"""A relay and reporting's read model: what they have to come to, whatever was done to the readers in between."""

from chassis.postgres.database import Pool
from chassis.publish.relay import Relay
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from tests.faults.support import evidence, oracle
from tests.faults.support.house import House
from tests.support.waiting import eventually


def relay_of(house: House, pool: Pool) -> Relay:
    return Relay(EventStore(pool), pool, house.topic, bootstrap=house.bootstrap, health=Health("relay"))


async def caught_up(pool: Pool, read_model: Pool) -> None:
    """Wait until every event of the store has its row in the read model."""

    async def level() -> bool:
        told = await read_model.fetchval("SELECT count(*) FROM timeline")
        return bool(told == await pool.fetchval("SELECT count(*) FROM event"))

    await eventually(level)


async def read_model_holds(pool: Pool, read_model: Pool) -> None:
    stored = await evidence.stored(pool)
    expected = evidence.reported_customers(stored)
    told = [row["event_id"] for row in await read_model.fetch("SELECT event_id FROM timeline")]
    oracle.hold(
        oracle.same_rows("customer", expected, await evidence.customer_list(read_model)),
        oracle.same_rows("timeline", {fact.id: 1 for fact in stored}, dict.fromkeys(told, 1)),
    )
    assert await read_model.fetchval("SELECT count(*) FROM parked_event") == 0
