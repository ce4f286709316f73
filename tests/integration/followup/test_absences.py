"""Absences over HTTP: recorded, listed, cancelled, and the work due during an absence."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from chassis.postgres.database import transaction
from contracts.customer import HandoverBatchStarted
from contracts.examples import LEADER, OWNER, example_envelope
from services.followup.projection import customers
from tests.integration.followup.conftest import World

STAND_IN = "E2002"
DAY = timedelta(days=1)
TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()


def away(first: date = TODAY, last: date | None = None, **more: Any) -> dict[str, Any]:
    return {"first_day": first.isoformat(), "last_day": (last or first + 3 * DAY).isoformat(), **more}


async def noted(world: World, body: dict[str, Any], employee_id: str = OWNER) -> str:
    answered = await world.post(f"/v1/employees/{employee_id}/absences", body)
    assert answered.is_success, answered.text
    return answered.headers["Location"]


async def listed(world: World, subject: str = "ops", role: str = "ops", **asked: str) -> list[str]:
    await world.lists_are_level()
    answered = await world.get("/v1/absences", subject, role, **asked)
    assert answered.status_code == 200, answered.text
    return [each["employee_id"] for each in answered.json()["items"]]


async def test_an_absence_is_noted_changed_and_called_off(world: World) -> None:
    await world.hears_of_customer()
    first = await world.post(
        f"/v1/employees/{OWNER}/absences", away(stand_in_id=STAND_IN, reason="leave"), OWNER, "sales"
    )
    location = first.headers["Location"]
    changed = await world.send("PUT", location, LEADER, "leader", json=away(last=TODAY + DAY))
    seen = await world.get(location, OWNER, "sales")
    ended = await world.send("DELETE", location, OWNER, "sales")
    again = await world.send("DELETE", location, OWNER, "sales")

    assert [each.status_code for each in (first, changed, ended, again)] == [201, 200, 200, 200]
    said = seen.json()
    assert (said["last_day"], said["stand_in_id"], said["reason"]) == ((TODAY + DAY).isoformat(), None, None)
    assert (seen.headers["ETag"], again.headers["ETag"]) == ('"2"', '"3"')
    assert (await world.get(location)).json()["cancelled_at"] is not None
    assert await listed(world) == []


async def test_a_retry_notes_the_same_absence_and_not_a_second(world: World) -> None:
    answers = [
        await world.post(f"/v1/employees/{OWNER}/absences", away(), OWNER, "sales", idempotency_key="away-1")
        for _ in range(2)
    ]

    assert len({each.headers["Location"] for each in answers}) == 1
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert await listed(world) == [OWNER]


async def test_a_change_of_something_else_than_was_read_is_refused(world: World) -> None:
    location = await noted(world, away())
    refused = await world.send("PUT", location, json=away(), headers={"if-match": '"7"'})
    assert refused.status_code == 412


async def test_who_is_no_concern_of_ones_own_is_not_noted_nor_seen(world: World) -> None:
    await world.hears_of_customer()
    location = await noted(world, away(stand_in_id=STAND_IN))

    for subject, role in (("E9001", "sales"), ("E9004", "leader"), (STAND_IN, "sales")):
        assert (await world.post(f"/v1/employees/{OWNER}/absences", away(), subject, role)).status_code == 403
        assert (await world.get(location, subject, role)).status_code == 403
    assert (await world.get(f"{location}/work", "E9001", "sales")).status_code == 403
    assert (await world.get(f"{location}/work", STAND_IN, "sales")).status_code == 200
    who = {name: await listed(world, name, "sales") for name in (OWNER, LEADER, STAND_IN, "E9001")}
    assert who == {OWNER: [OWNER], LEADER: [OWNER], STAND_IN: [OWNER], "E9001": []}


async def test_absences_are_listed_by_person_and_days_and_page_by_page(world: World) -> None:
    later = TODAY + 30 * DAY
    await noted(world, away(later, later), "E3")
    await noted(world, away(), OWNER)
    await noted(world, away(later, later), OWNER)

    assert await listed(world) == [OWNER, *await listed(world, **{"from": later.isoformat()})]
    assert await listed(world, employee_id="E3") == ["E3"]
    assert await listed(world, to=TODAY.isoformat()) == [OWNER]
    page = (await world.get("/v1/absences", limit=2)).json()
    rest = (await world.get("/v1/absences", limit=2, cursor=page["next_cursor"])).json()
    assert (len(page["items"]), len(rest["items"]), rest["has_more"]) == (2, 1, False)


async def leaves(world: World, employee_id: str) -> None:
    said = HandoverBatchStarted(from_owner_id=employee_id, to_owner_ids=("E3",), reason="leaves", leaves=True)
    async with transaction(world.pool) as held:
        await customers.apply([example_envelope(said, id=uuid4())], held)


async def refused_stand_in(world: World) -> httpx.Response:
    await world.lists_are_level()
    return await world.post(f"/v1/employees/{OWNER}/absences", away(stand_in_id=STAND_IN))


async def test_who_is_away_all_the_time_or_has_left_cannot_stand_in(world: World) -> None:
    await noted(world, away(TODAY - DAY, TODAY + DAY), STAND_IN)
    rest = await noted(world, away(TODAY + 2 * DAY, TODAY + 9 * DAY), STAND_IN)
    refused = (await refused_stand_in(world)).json()
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("stand-in-away", "/stand_in_id")

    await world.send("DELETE", rest)
    location = (await refused_stand_in(world)).headers["Location"]
    assert (await world.get(location)).json()["stand_in_id"] == STAND_IN

    await world.send("DELETE", location)
    await leaves(world, STAND_IN)
    refused = (await refused_stand_in(world)).json()
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("stand-in-away", "/stand_in_id")


async def test_what_was_granted_once_is_answered_again_though_the_stand_in_has_left_since(world: World) -> None:
    body = away(stand_in_id=STAND_IN)
    first = await world.post(f"/v1/employees/{OWNER}/absences", body, idempotency_key="k")
    await leaves(world, STAND_IN)
    again = await world.post(f"/v1/employees/{OWNER}/absences", body, idempotency_key="k")
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())


async def test_what_falls_due_in_an_absence_is_told_in_one_call(world: World) -> None:
    customer_id = await world.hears_of_customer()
    noon = datetime.combine(TODAY + DAY, datetime.min.time(), UTC) + timedelta(hours=4)
    due = {}
    for name, at in {"in": noon, "before": noon - 3 * DAY, "after": noon + 99 * DAY}.items():
        body = {"due_at": at.isoformat(), "assignee_id": OWNER}
        due[name] = (await world.post(f"/v1/customers/{customer_id}/tasks", body)).json()["id"]
    complaint = {"channel": "phone", "owner_id": OWNER, "severity": "critical"}
    raised = await world.post(f"/v1/customers/{customer_id}/complaints", complaint)
    location = await noted(world, away(last=TODAY + 30 * DAY))
    await world.lists_are_level()

    found = (await world.get(f"{location}/work", OWNER, "sales")).json()

    assert (found["tasks"]["total"], [each["id"] for each in found["tasks"]["items"]]) == (1, [due["in"]])
    assert [each["id"] for each in found["complaints"]["items"]] == [raised.json()["id"]]


@pytest.mark.parametrize("path", ["", "/work"])
async def test_an_absence_that_was_never_noted_is_not_found(world: World, path: str) -> None:
    missing = f"/v1/employees/{OWNER}/absences/{uuid4()}"
    assert (await world.get(f"{missing}{path}")).status_code == 404
    assert (await world.send("DELETE", missing)).json()["code"] == "absence-unknown"
