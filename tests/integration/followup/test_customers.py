"""What followup knows of customers comes from their topic."""

from datetime import UTC, datetime
from uuid import uuid4

from chassis.commands.command import Context
from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.postgres.database import Pool
from chassis.runtime.supervisor import Health
from contracts.customer import Stage
from services.customer.commands import Register, Tier
from services.followup.domain.customer_ref import CustomerRef
from services.followup.projection import customers
from services.followup.queries.customers import Customers
from tests.support.pipeline import Pipeline
from tests.support.waiting import background, eventually


async def test_a_customer_comes_in_from_kafka(pipeline: Pipeline, followup_pool: Pool) -> None:
    customer_id = uuid4()
    command = Register(name="上海腾云", owner_id="E1", leader_id="E2", stage=Stage.INTERESTED, tier=Tier(tier="vip"))
    context = Context(str(uuid4()), "tests", "tests", datetime.now(UTC))
    await pipeline.customers.handle(customer_id, command, context)
    applier = Applier(customers.CONSUMER, followup_pool, customers.apply)
    consumer = Consumer(applier, [pipeline.topic], bootstrap=pipeline.bootstrap, health=Health("followup"))
    known = Customers(followup_pool)

    async def is_known() -> bool:
        return await known.find(customer_id) is not None

    async with background(pipeline.relay().run, consumer.run):
        await eventually(is_known)

    expected = CustomerRef(
        customer_id, "company", "上海腾云", "E1", "E2", Stage.INTERESTED, {"default": "vip"}, name_keys=["上海腾云"]
    )
    assert await known.find(customer_id) == expected
