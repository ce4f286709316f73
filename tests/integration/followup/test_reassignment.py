"""A customer changes hands on a real store: its open promises follow, once, whatever is heard twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.postgres.database import Pool, transaction
from chassis.runtime.settings import Settings
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from contracts.customer import OwnerAssigned
from contracts.event import Envelope
from contracts.examples import OWNER, example_envelope
from services.followup import workers
from services.followup.__main__ import dependencies
from services.followup.handovers.reassignment import Reassignment
from tests.integration.followup.conftest import World
from tests.unit.chassis.issuer import ISSUER


async def reassigned(reassignment: Reassignment, pool: Pool, *changes: Envelope[Any]) -> None:
    """Receive changes of owner, and reassign all work."""
    async with transaction(pool) as held:
        await reassignment.receive(changes, held)
    while await reassignment.run_due():
        pass


TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)


async def test_open_tasks_and_complaints_go_to_the_next_owner_as_they_stand(world: World) -> None:
    customer_id = await world.hears_of_customer()
    at = f"/v1/customers/{customer_id}"
    due = {"due_at": TOMORROW.isoformat()}
    own, helpers, done = [
        (await world.post(f"{at}/tasks", due | {"assignee_id": who})).json()["id"] for who in (OWNER, "E5", OWNER)
    ]
    await world.post(f"/v1/tasks/{done}/completion", {})
    complaint = (await world.post(f"{at}/complaints", {"channel": "phone", "owner_id": OWNER})).json()["id"]
    promised = (await world.get(f"/v1/complaints/{complaint}")).json()
    settings = Settings.model_validate(
        {"database_url": "unused", "issuer": ISSUER, "jwks_url": f"{ISSUER}/jwks", "pseudonym_key": "k" * 32}
    )
    needs = dependencies(ServiceContext(settings, world.pool, Supervisor(), None))  # type: ignore[arg-type]
    reassignment = workers.reassignment(needs)
    passed = example_envelope(OwnerAssigned(previous_owner_id=OWNER, owner_id="E2"), subject=customer_id)
    await reassigned(reassignment, world.pool, passed)
    head = await world.head()
    await reassigned(reassignment, world.pool, passed)
    assert await world.head() == head
    tasks = [(await world.get(f"/v1/tasks/{each}")).json() for each in (own, helpers, done)]
    assert [task["assignee_id"] for task in tasks] == ["E2", "E5", OWNER]
    assert datetime.fromisoformat(tasks[0]["due_at"]) == TOMORROW
    handed = (await world.get(f"/v1/complaints/{complaint}")).json()
    changed = {name for name in handed if handed[name] != promised[name]}
    assert (handed["owner_id"], changed) == ("E2", {"owner_id", "version"})
    (entry,) = [each for each in (await world.get(f"/v1/tasks/{own}/events")).json()["items"] if each["version"] > 1]
    assert (entry["data"]["reason"], entry["causation_id"]) == ("handover", str(passed.id))
