"""What is published in versions, over HTTP, the same for every kind: read by number and instant, listed, compared."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from chassis.http import access
from contracts.examples import OWNER
from tests.integration.followup.conftest import World

HOURS = {"week": [[{"start": 540, "end": 720}]] * 7, "made_up": []}
PLAN = {
    "starts_on": [{"event": "care.followup.complaint-closed.v1"}],
    "steps": [{"name": "ask", "offset": 3, "purpose": "care"}],
}
FIELD = {"name": "people", "kind": "number"}
# Where a kind is published, two bodies of it, a difference between them, and how its numbers are asked for.
KINDS: dict[str, tuple[str, dict[str, Any], dict[str, Any], str, str]] = {
    "calendar": ("/v1/calendars/china-office", HOURS, {**HOURS, "week": [[]] * 7}, "/week/0/0", "version"),
    "complaint policy": (
        "/v1/complaint-policy",
        {"targets": [], "consent_workdays": 7},
        {"targets": [], "consent_workdays": 3},
        "/consent_workdays",
        "version",
    ),
    "survey policy": (
        "/v1/survey-policy",
        {"survey": "after-service", "kind": "csat"},
        {"survey": "after-service", "kind": "nps"},
        "/question/kind",
        "number",
    ),
    "plan template": ("/v1/plan-templates/ours", PLAN, PLAN | {"once": True}, "/once", "number"),
    "contact form": ("/v1/contact-forms/visit", {"fields": [FIELD]}, {"fields": []}, "/fields/0", "number"),
}
SHIPPED_FIRST = {"calendar", "complaint policy"}
every_kind = pytest.mark.parametrize("kind", KINDS)


async def put(world: World, address: str, body: dict[str, Any], subject: str = "ops") -> None:
    published = await world.send("PUT", address, subject, json=body)
    assert published.is_success, published.text


@every_kind
async def test_versions_are_listed_read_and_compared(world: World, kind: str) -> None:
    address, one, other, path, number = KINDS[kind]
    first = 2 if kind in SHIPPED_FIRST else 1
    await put(world, address, one, "E2001")
    between = datetime.now(UTC)
    await put(world, address, other, "E2002")

    listed = (await world.get(f"{address}/versions", OWNER, "sales")).json()["items"]
    numbers = [first + 1, first, *range(first - 1, 0, -1)]
    assert [each["number"] for each in listed] == numbers
    assert [each["published_by"] for each in listed] == ["E2002", "E2001", *["system"] * (first - 1)]
    assert listed[1]["effective_from"] == listed[1]["published_at"] < between.isoformat() < listed[0]["published_at"]
    page = (await world.send("GET", f"{address}/versions", params={"limit": 1})).json()
    rest = (await world.get(f"{address}/versions", cursor=page["next_cursor"])).json()
    assert [*page["items"], *rest["items"]] == listed

    compared = (await world.get(f"{address}/difference", OWNER, "sales")).json()
    assert (compared["from_number"], compared["to_number"]) == (first, first + 1)
    assert path in [each["path"] for each in compared["changes"]]
    back = (await world.send("GET", f"{address}/difference", params={"from": first + 1, "to": first})).json()
    assert [(each["after"], each["before"]) for each in back["changes"]] == [
        (each["before"], each["after"]) for each in compared["changes"]
    ]
    assert (await world.get(f"{address}/difference", to=str(first + 2))).status_code == 404

    by_number = (await world.get(address, **{number: str(first)})).json()
    by_instant = (await world.get(address, at=between.isoformat())).json()
    assert by_number["number"] == by_instant["number"] == first
    assert (await world.get(address)).json()["number"] == first + 1
    assert (await world.get(address, **{number: str(first + 2)})).status_code == 404
    refused = await world.get(address, at=between.isoformat(), **{number: str(first)})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "query:at")


@every_kind
async def test_a_version_comes_into_force_on_time(world: World, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address, one, other, *_ = KINDS[kind]
    await put(world, address, one)
    first = (await world.get(address)).json()["number"]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await put(world, address, {**other, "effective_from": tomorrow.isoformat()})
    await put(world, address, {**other, "effective_from": tomorrow.isoformat()})

    assert (await world.get(address)).json()["number"] == first
    (listed, *_) = (await world.get(f"{address}/versions")).json()["items"]
    assert (listed["number"], datetime.fromisoformat(listed["effective_from"])) == (first + 1, tomorrow)
    assert (await world.get(address, at=tomorrow.isoformat())).json()["number"] == first + 1

    monkeypatch.setattr(access, "datetime", SimpleNamespace(now=lambda _zone: tomorrow))
    assert (await world.get(address)).json()["number"] == first + 1
    just_before = (tomorrow - timedelta(milliseconds=1)).isoformat()
    assert (await world.get(address, at=just_before)).json()["number"] == first


@every_kind
async def test_a_version_in_force_before_it_is_published_is_refused(world: World, kind: str) -> None:
    address, one, *_ = KINDS[kind]
    refused = await world.send("PUT", address, json={**one, "effective_from": "2024-06-01T09:00:00+08:00"})
    assert (refused.status_code, refused.json()["code"]) == (409, "effective-in-past")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/effective_from"]


async def test_what_was_never_published_has_no_history(world: World) -> None:
    for path in ("", "/versions", "/difference"):
        assert (await world.get(f"/v1/contact-forms/visit{path}")).status_code == 404


async def test_what_ships_and_waits_to_be_published_is_compared_as_number_0(world: World) -> None:
    address = "/v1/plan-templates/win-back"
    shipped = (await world.get(address)).json()
    assert (shipped["number"], shipped["is_in_force"]) == (0, False)
    assert (await world.get(f"{address}/versions")).json()["items"] == []
    assert (await world.get(f"{address}/difference")).json() == {"from_number": 0, "to_number": 0, "changes": []}

    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await put(world, address, PLAN | {"effective_from": tomorrow})

    assert (await world.get(address)).json() == shipped
    assert (await world.get(address, number="1")).json()["is_in_force"] is False
    compared = (await world.get(f"{address}/difference")).json()
    assert (compared["from_number"], compared["to_number"]) == (0, 1)
    assert {"path": "/once", "before": True, "after": False} in compared["changes"]
