"""Standing in: the day of whoever is away is seen, marked, and seen to by somebody else; and ends with the absence."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.examples import LEADER, OWNER
from tests.integration.followup.conftest import World
from tests.integration.followup.test_absences import STAND_IN, TODAY, away, noted
from tests.integration.followup.test_my_day import day, ids, owed

STRANGER = "E9001"
LONG = TODAY + timedelta(days=30)


def open_ones(found: dict[str, Any]) -> list[str]:
    return [each for part in ("overdue", "today", "next") for each in ids(found[part])]


async def covered(world: World) -> str:
    return await noted(world, away(TODAY, LONG, stand_in_id=STAND_IN))


async def test_what_falls_due_in_an_absence_is_in_the_day_of_who_stands_in_with_whose_it_is(world: World) -> None:
    soon = await owed(world, "ordinary", days=2)
    await owed(world, "ordinary", days=-3)
    of_its_own = await owed(world, "ordinary", STAND_IN, days=1)
    assert open_ones(await day(world, STAND_IN)) == [of_its_own]
    location = await covered(world)

    found = await day(world, STAND_IN)
    assert sorted(open_ones(found)) == sorted([of_its_own, soon])
    told = {item["id"]: item["standing_in_for"] for part in ("today", "next") for item in found[part]["items"]}
    assert told == {of_its_own: None, soon: OWNER}
    assert soon in open_ones(await day(world)), "it stays with whoever is away, too"
    assert open_ones(await day(world, STRANGER, employee_id=STAND_IN)) == []
    team = await day(world, LEADER, "leader", employee_id=[OWNER, STAND_IN])
    assert open_ones(team).count(soon) == 1

    await world.send("DELETE", location)
    assert open_ones(await day(world, STAND_IN)) == [of_its_own]


async def test_complaints_that_press_meanwhile_are_there_too(world: World) -> None:
    customer_id = await world.hears_of_customer()
    raised = await world.post(
        f"/v1/customers/{customer_id}/complaints",
        {"channel": "phone", "severity": "critical", "owner_id": OWNER},
    )
    await world.lists_are_level()
    near = datetime.now(UTC) + timedelta(hours=3)
    # When the office works does not matter here: the target is put near.
    await world.pool.execute("UPDATE complaint SET answer_by = $1, resolve_by = $1", near)
    await noted(world, away(TODAY - timedelta(days=1), LONG, stand_in_id=STAND_IN))

    (item,) = (await day(world, STAND_IN))["complaints"]["items"]

    assert (item["id"], item["owner_id"], item["standing_in_for"]) == (raised.json()["id"], OWNER, OWNER)


async def test_a_leader_is_told_who_of_the_team_is_away_and_a_stranger_is_not(world: World) -> None:
    await world.hears_of_customer()
    await covered(world)
    await noted(world, away(LONG, LONG), LEADER)

    found = await day(world, LEADER, "leader", leader_id=LEADER)
    assert [(each["employee_id"], each["stand_in_id"]) for each in found["away"]] == [(OWNER, STAND_IN)]
    assert (await day(world, STRANGER, leader_id=LEADER))["away"] == []


async def test_who_stands_in_sees_to_it_and_says_so_until_the_absence_is_over(world: World) -> None:
    first, second = [await owed(world, "ordinary", days=1) for _ in range(2)]
    customer_id = (await world.get(f"/v1/tasks/{first}")).json()["customer_id"]
    raised = await world.post(f"/v1/customers/{customer_id}/complaints", {"channel": "phone", "owner_id": OWNER})
    contact = {"channel": "phone", "direction": "outbound"}

    async def asked() -> list[int]:
        asking: tuple[tuple[str, dict[str, str]], ...] = (
            (f"/v1/tasks/{first}/completion", {}),
            (f"/v1/customers/{customer_id}/contacts", contact),
            (f"{raised.headers['Location']}/answer", {}),
        )
        return [(await world.post(path, body, STAND_IN, "sales")).status_code for path, body in asking]

    assert await asked() == [403, 403, 403]
    location = await covered(world)
    await world.lists_are_level()
    assert (await world.get(f"/v1/tasks/{second}", STAND_IN, "sales")).status_code == 200
    assert await asked() == [200, 201, 200]
    assert (await world.get(f"/v1/tasks/{first}")).json()["completed_by"] == STAND_IN
    await world.send("DELETE", location)
    await world.lists_are_level()
    assert (await world.post(f"/v1/tasks/{second}/completion", {}, STAND_IN, "sales")).status_code == 403
