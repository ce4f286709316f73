"""What somebody has to see to today: their own, their team's, and what hurts most first."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.postgres.database import transaction
from contracts.customer import TierChanged
from contracts.examples import LEADER, OWNER, example, example_envelope
from services.followup.projection import customers
from services.followup.queries.my_day import NEXT_DAYS
from tests.integration.followup.conftest import World

A_COLLEAGUE = "E2002"


async def owed(world: World, tier: str, owner_id: str = OWNER, **due: float) -> str:
    """Give `owner_id` a customer of a tier, and a task due so long from now."""
    customer_id = await world.hears_of_customer(owner_id=owner_id)
    changed = example(TierChanged, scheme="default", tier=tier)
    async with transaction(world.pool) as held:
        await customers.apply([example_envelope(changed, subject=customer_id)], held)
    due_at = (datetime.now(UTC) + timedelta(**due)).isoformat()
    answered = await world.post(f"/v1/customers/{customer_id}/tasks", {"due_at": due_at, "assignee_id": owner_id})
    return str(answered.json()["id"])


async def day(world: World, subject: str = OWNER, role: str = "sales", **params: Any) -> dict[str, Any]:
    await world.lists_are_level()
    answered = await world.get("/v1/my-day", subject, role, **params)
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


def ids(part: dict[str, Any]) -> list[str]:
    return [item["id"] for item in part["items"]]


async def test_what_is_late_hurts_by_its_time_and_the_customers_tier(world: World) -> None:
    ordinary = await owed(world, "ordinary", days=-5)
    vip = await owed(world, "vip", days=-2)
    lately = await owed(world, "vip", hours=-1)

    overdue = (await day(world))["overdue"]

    assert ids(overdue) == [vip, ordinary, lately]
    assert [round(item["hurts"]) for item in overdue["items"]] == [144, 120, 3]
    assert overdue["items"][0]["tier"] == "vip"


async def test_what_comes_is_told_by_how_soon_and_what_is_far_off_is_not(world: World) -> None:
    in_two_days = await owed(world, "ordinary", days=2)
    in_five_days_but_vip = await owed(world, "vip", days=5)
    await owed(world, "vip", days=NEXT_DAYS + 2)

    found = await day(world)

    assert ids(found["next"]) == [in_five_days_but_vip, in_two_days]
    assert found["overdue"] == {"total": 0, "items": []}


async def test_a_part_tells_how_much_there_is_beyond_what_it_shows(world: World) -> None:
    for days in (-1, -2, -3):
        await owed(world, "growth", days=days)

    overdue = (await day(world, limit=2))["overdue"]

    assert (overdue["total"], len(overdue["items"])) == (3, 2)


async def test_a_leader_sees_the_day_of_the_team_and_a_colleague_only_their_own(world: World) -> None:
    mine = await owed(world, "vip", days=-1)
    a_colleagues = await owed(world, "ordinary", A_COLLEAGUE, days=-1)

    assert ids((await day(world, LEADER, "leader", leader_id=LEADER))["overdue"]) == [mine, a_colleagues]
    assert ids((await day(world, LEADER, "leader", employee_id=A_COLLEAGUE))["overdue"]) == [a_colleagues]
    assert ids((await day(world, leader_id=LEADER))["overdue"]) == [mine]
    assert ids((await day(world))["overdue"]) == [mine]
    assert ids((await day(world, LEADER, "leader"))["overdue"]) == []


async def test_complaints_whose_target_is_past_or_near_press(world: World) -> None:
    customer_id = await world.hears_of_customer()
    raised = {
        severity: await world.post(
            f"/v1/customers/{customer_id}/complaints",
            {"channel": "phone", "severity": severity, "owner_id": OWNER, "occurred_at": "2026-03-02T09:00:00+08:00"},
        )
        for severity in ("low", "critical")
    }
    recent = {"channel": "phone", "severity": "low", "owner_id": OWNER}
    await world.post(f"/v1/customers/{customer_id}/complaints", recent | {"occurred_at": "2026-03-02T09:00:00+08:00"})
    settled = raised["low"].headers["Location"]
    for step in ("answer", "confirmation"):
        await world.post(f"{settled}/{step}", {})

    complaints = (await day(world))["complaints"]

    assert (complaints["total"], complaints["items"][0]["id"]) == (2, raised["critical"].json()["id"])
    assert complaints["items"][0]["hurts"] > complaints["items"][1]["hurts"] > 0
