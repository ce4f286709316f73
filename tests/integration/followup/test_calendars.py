"""Work calendars over HTTP: shipped, published in versions, read day by day."""

from typing import Any

import httpx
import pytest

from contracts.examples import LEADER
from tests.integration.followup.conftest import World

MORNING = [{"start": 540, "end": 720}]
MORNINGS = {"week": [MORNING] * 5 + [[], []], "made_up": MORNING}


async def put(world: World, name: str, body: dict[str, Any], role: str = "ops", **headers: str) -> httpx.Response:
    named = {header.replace("_", "-"): value for header, value in headers.items()}
    return await world.send("PUT", f"/v1/calendars/{name}", "ops", role, json=body, headers=named)


async def test_the_calendar_of_offices_in_china_is_there_from_the_beginning(world: World) -> None:
    found = (await world.get("/v1/calendars/china-office")).json()

    assert (found["number"], found["zone"]) == (1, "Asia/Shanghai")
    assert {year["year"]: year["status"] for year in found["years"]} == {
        **dict.fromkeys((2023, 2024, 2025, 2026), "confirmed"),
        2027: "provisional",
    }


async def test_days_are_told_with_what_is_worked_on_them(world: World) -> None:
    asked = {"from": "2026-02-13", "to": "2026-02-16"}
    found = (await world.get("/v1/calendars/china-office/workdays", **asked)).json()

    assert [(day["day"], day["kind"], day["is_workday"]) for day in found["items"]] == [
        ("2026-02-13", "ordinary", True),
        ("2026-02-14", "made-up", True),
        ("2026-02-15", "holiday", False),
        ("2026-02-16", "holiday", False),
    ]
    assert (found["number"], found["workdays"]) == (1, 2)


async def test_a_new_version_leaves_the_old_one_readable(world: World) -> None:
    published = await put(world, "china-office", MORNINGS)
    again = await put(world, "china-office", MORNINGS)

    assert (published.status_code, published.headers["Location"]) == (201, "/v1/calendars/china-office")
    assert again.status_code == 200
    latest = await world.get("/v1/calendars/china-office")
    assert (latest.json()["number"], latest.json()["made_up"]) == (2, MORNINGS["made_up"])
    assert latest.headers["ETag"] == '"1"'
    assert (await world.get("/v1/calendars/china-office", version="1")).json()["number"] == 1
    assert (await world.get("/v1/calendars/china-office", version="3")).status_code == 404
    assert (await put(world, "china-office", {**MORNINGS, "made_up": []}, if_match='"7"')).status_code == 412


async def test_a_calendar_is_nobodys_customer(world: World) -> None:
    customer_id = await world.hears_of_customer()
    published = (await put(world, "call-centre", MORNINGS)).json()

    subjects = await world.pool.fetch("SELECT subject, stream_id FROM event")
    assert [tuple(map(str, row)) for row in subjects] == [(published["id"], published["id"])]
    assert (await world.get(f"/v1/customers/{customer_id}/events")).json()["items"] == []


@pytest.mark.parametrize(("since", "until"), [("2026-02-13", "2026-02-12"), ("2026-01-01", "2027-01-02")])
async def test_a_stretch_that_cannot_be_told_is_refused_by_name(world: World, since: str, until: str) -> None:
    refused = await world.get("/v1/calendars/china-office/workdays", **{"from": since, "to": until})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "query:to")


async def test_a_fault_in_a_week_is_pointed_at(world: World) -> None:
    broken = {**MORNINGS, "week": [[{"start": 540, "end": 1500}], *[MORNING] * 6]}
    refused = await put(world, "china-office", broken)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/week/0/0/end")


@pytest.mark.parametrize("role", ["sales", "leader", "integration"])
async def test_who_keeps_no_configuration_may_read_it_only(world: World, role: str) -> None:
    assert (await put(world, "china-office", MORNINGS, role)).status_code == 403
    assert (await world.get("/v1/calendars/china-office", "E1", role)).status_code == 200
    assert (await world.get("/v1/calendars/nowhere", "E1", role)).status_code == 404


CLOSURES = "/v1/calendars/china-office/closures"


async def test_a_team_takes_a_day_off_and_takes_that_back(world: World) -> None:
    outing = {"days": ["2026-03-04", "2026-02-14"], "reason": "outing"}
    closed = await world.post(CLOSURES, outing)
    again = await world.post(CLOSURES, outing)
    asked = {"from": "2026-02-14", "to": "2026-02-14"}
    shown = (await world.get("/v1/calendars/china-office/workdays", **asked)).json()
    opened = await world.send("DELETE", f"{CLOSURES}/2026-02-14")
    told = (await world.get("/v1/calendars/china-office")).json()

    assert [each.status_code for each in (closed, again, opened)] == [201, 200, 200]
    assert (shown["number"], shown["workdays"], shown["items"][0]["kind"]) == (2, 0, "closed")
    assert (told["number"], told["closures"]) == (3, [{"day": "2026-03-04", "reason": "outing", "worked": []}])
    assert (await world.get("/v1/calendars/china-office/workdays", **asked)).json()["items"][0]["kind"] == "made-up"
    assert (await put(world, "china-office", MORNINGS)).status_code == 200
    assert (await world.get("/v1/calendars/china-office")).json()["closures"] == told["closures"]


async def test_days_are_closed_of_a_calendar_that_is_there_by_who_keeps_it(world: World) -> None:
    assert (await world.post("/v1/calendars/nowhere/closures", {"days": ["2026-03-04"]})).status_code == 404
    assert (await world.send("DELETE", "/v1/calendars/nowhere/closures/2026-03-04")).status_code == 404
    assert (await world.post(CLOSURES, {"days": ["2026-03-04"]}, LEADER, "leader")).status_code == 403
    refused = await world.post(CLOSURES, {"days": []})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/days")
