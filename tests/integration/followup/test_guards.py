"""Mode guards on a real store: tripped by contacts, cleared by time or by other news, listed to who may see it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.postgres.database import transaction
from chassis.runtime.settings import Settings
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import HelperAdded, Kind, OwnerAssigned, Registered
from contracts.event import Envelope
from contracts.examples import CUSTOMER_NAME, LEADER, OWNER, example, example_envelope
from contracts.followup import ContactLogged
from services.followup import workers
from services.followup.__main__ import dependencies
from tests.integration.followup.conftest import World
from tests.support.appends import rows_of
from tests.unit.chassis.issuer import ISSUER

OUTSIDER = "E4004"


class Watching:
    """The watch without its process, and a clock that the test moves."""

    def __init__(self, world: World) -> None:
        settings = Settings.model_validate(
            {"database_url": "unused", "issuer": ISSUER, "jwks_url": f"{ISSUER}/jwks", "pseudonym_key": "k" * 32}
        )
        needs = dependencies(ServiceContext(settings, world.pool, Supervisor(), None))  # type: ignore[arg-type]
        self.world = world
        self.now = datetime.now(UTC)
        self.plans = workers.plan_runner(needs, "Asia/Shanghai", lambda: self.now)
        self.watcher = workers.guard_watcher(needs, lambda: self.now)

    async def hear(self, envelopes: Sequence[Envelope[Any]]) -> None:
        async with transaction(self.world.pool) as held:
            await self.plans.receive(envelopes, held)
            await self.watcher.receive(envelopes, held)
        await self.watcher.run_due()

    async def hear_of_customer(self) -> UUID:
        customer_id = await self.world.hears_of_customer()
        known = (Registered(kind=Kind.COMPANY, name=CUSTOMER_NAME), OwnerAssigned(owner_id=OWNER, leader_id=LEADER))
        await self.hear([example_envelope(fact, subject=customer_id, id=uuid4()) for fact in known])
        return customer_id

    async def contact(self, customer_id: UUID, employee_id: str) -> list[Envelope[Any]]:
        """Log a contact, and let the watch hear of it as it does from the service's own store."""
        said = {"channel": "phone", "direction": "outbound", "employee_id": employee_id}
        answered = await self.world.post(f"/v1/customers/{customer_id}/contacts", said)
        rows = await rows_of(EventStore(self.world.pool), UUID(answered.json()["id"]))
        heard = [EventMapper().to_envelope(row) for row in rows]
        await self.hear(heard)
        return heard

    async def listed(self, subject: str = OWNER, **params: Any) -> list[dict[str, Any]]:
        await self.world.lists_are_level()
        answered = await self.world.get("/v1/guards", subject, "sales", **params)
        assert answered.status_code == 200, answered.text
        items: list[dict[str, Any]] = answered.json()["items"]
        return items


@pytest.fixture
async def watching(world: World) -> Watching:
    return Watching(world)


async def test_two_colleagues_are_said_once_with_their_contacts_and_cleared_in_time(watching: Watching) -> None:
    customer_id = await watching.hear_of_customer()
    first = await watching.contact(customer_id, OWNER)
    assert await watching.listed() == []
    second = await watching.contact(customer_id, OUTSIDER)
    await watching.contact(customer_id, OUTSIDER)
    await watching.hear(second)

    (found,) = await watching.listed(state="open")
    assert (found["guard"], found["number"], found["stage"]) == ("two-colleagues", 1, "new")
    assert found["contact_ids"] == [str(heard[0].stream_id) for heard in (first, second)]
    assert found["employee_ids"] == [OWNER, OUTSIDER]
    assert await watching.listed(OUTSIDER) == []

    watching.now += timedelta(days=8)
    await watching.watcher.run_due()
    assert await watching.listed(state="open") == []
    assert [each["cleared_at"] is None for each in await watching.listed(state="cleared")] == [False]


async def test_who_is_made_a_helper_is_one_colleague_too_many_no_longer(watching: Watching) -> None:
    customer_id = await watching.hear_of_customer()
    for employee_id in (OWNER, OUTSIDER):
        await watching.contact(customer_id, employee_id)
    assert len(await watching.listed(state="open", guard="two-colleagues", customer_id=customer_id)) == 1

    helping = example(HelperAdded, employee_id=OUTSIDER)
    await watching.hear([example_envelope(helping, subject=customer_id, id=uuid4())])

    assert await watching.listed(state="open") == []


async def test_a_contact_that_nobody_made_lately_is_forgotten(watching: Watching) -> None:
    customer_id = await watching.hear_of_customer()
    long_ago = datetime.now(UTC) - timedelta(days=200)
    contact = example(ContactLogged)
    await watching.hear([example_envelope(contact, subject=customer_id, id=uuid4(), occurred_at=long_ago)])

    row = await watching.world.pool.fetchrow("SELECT * FROM guard_watch WHERE customer_id = $1", customer_id)
    assert row is not None
    assert (row["touches"], row["look_again_at"]) == ([], None)


async def test_only_what_changes_a_finding_is_due_at_once(watching: Watching) -> None:
    customer_id = await watching.hear_of_customer()
    by_owner, by_outsider = [
        example_envelope(
            example(ContactLogged, employee_id=each),
            subject=customer_id,
            id=uuid4(),
            stream_id=uuid4(),
            occurred_at=watching.now - timedelta(hours=1),
        )
        for each in (OWNER, OUTSIDER)
    ]
    due = []
    for heard in (by_owner, by_outsider):
        async with transaction(watching.world.pool) as held:
            await watching.plans.receive([heard], held)
            await watching.watcher.receive([heard], held)
        due.append(await watching.watcher.run_due())
    assert due == [0, 1]
