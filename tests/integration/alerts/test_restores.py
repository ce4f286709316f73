"""A restore is declared as `care restore declare` does it, with its own connection, for alerts with published rules."""

from contracts.topics import CUSTOMER_EVENTS
from deploy.restore.declaration import FACT_LOGS
from deploy.restore.observation import connected
from tests.support.rule_desk import RuleDesk, kinds, silence
from tests.support.servers import Database


async def test_alerts_are_set_back_under_the_rules_that_are_published(desk: RuleDesk, database: Database) -> None:
    await desk.publish("calls", silence(10))
    kept, lost = await desk.customer(20), await desk.customer(20)
    await desk.settle()
    assert {each.subject for each in await desk.told("calls")} == {kept, lost}
    async with connected({"alerts": database.admin}) as databases, databases["alerts"].transaction():
        await FACT_LOGS["alerts"].delete_after(databases["alerts"], CUSTOMER_EVENTS.owner, 2)
    restarted = RuleDesk(desk.pool, desk.issuer)
    await restarted.settle()
    told = (await restarted.told("calls"))[2:]
    assert [(each.subject, *kinds([each])) for each in told] == [(lost, "cleared")]
