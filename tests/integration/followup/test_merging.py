"""Two records of one customer at followup: what is owed under either id is owed to the one, and kept apart."""

from datetime import UTC, datetime, timedelta

from chassis.postgres.database import transaction
from contracts.customer import Merged, Unmerged
from contracts.event import Event
from contracts.examples import OWNER, example_envelope
from services.followup.projection import customers
from tests.integration.followup.conftest import World

DUE = {"due_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(), "assignee_id": "E7"}


async def test_what_is_owed_to_a_duplicate_is_owed_to_the_customer_it_goes_on_as(world: World) -> None:
    survivor, duplicate = await world.hears_of_customer(), await world.hears_of_customer(owner_id="E7")
    task = (await world.post(f"/v1/customers/{duplicate}/tasks", DUE)).json()["id"]
    await world.lists_are_level()

    async def hears(event: Event) -> None:
        async with transaction(world.pool) as held:
            await customers.apply([example_envelope(event, subject=duplicate)], held)

    async def owed(customer_id: object, *caller: str) -> list[str]:
        items = (await world.get("/v1/tasks", *caller, customer_id=str(customer_id))).json()["items"]
        return [item["id"] for item in items]

    assert await owed(survivor) == []
    await hears(Merged(into_customer_id=survivor))
    assert await owed(survivor, OWNER, "sales") == [task]
    assert [each["type"] for each in (await world.get(f"/v1/customers/{survivor}/events")).json()["items"]] == [
        "care.followup.task-scheduled.v1"
    ]
    for path, body in (("tasks", DUE), ("contacts", {"channel": "phone", "direction": "inbound"})):
        moved = await world.post(f"/v1/customers/{duplicate}/{path}", body)
        assert (moved.status_code, moved.json()["canonical_id"]) == (410, str(survivor))
        assert moved.headers["link"] == f'</v1/customers/{survivor}/{path}>; rel="canonical"'
    assert (await world.post(f"/v1/tasks/{task}/completion", {}, OWNER, "sales")).status_code == 200
    await hears(Unmerged(from_customer_id=survivor))
    await world.lists_are_level()
    assert (await owed(survivor), await owed(duplicate)) == ([], [task])
    assert (await world.get(f"/v1/tasks/{task}", OWNER, "sales")).status_code == 403
    assert (await world.post(f"/v1/customers/{duplicate}/tasks", DUE)).status_code == 201
