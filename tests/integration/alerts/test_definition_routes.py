"""The routes of ladders and quiet hours: versions with who and why, what they refuse, and what follows."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts.alerts import AlertRaised, AlertReaddressed
from contracts.customer import OwnerAssigned
from services.alerts.engine.zone import BUSINESS_ZONE
from tests.support.rule_desk import RuleDesk

RUNGS = [{"after_minutes": 0, "whom": "owner"}, {"after_minutes": 30, "whom": "leader"}]
LADDER = {"rungs": RUNGS, "reason": "Leaders asked for it"}
CRITICAL = "/v1/ladders/critical"


async def test_the_list_has_the_ladder_in_force_of_each_severity(desk: RuleDesk) -> None:
    await desk.done("PUT", CRITICAL, LADDER)
    found = (await desk.done("GET", "/v1/ladders"))["items"]
    assert [(each["severity"], each["number"]) for each in found] == [
        ("critical", 2),
        ("error", 1),
        ("warning", 1),
        ("info", 1),
    ]
    assert (found[0]["rungs"], found[0]["calendar"], found[0]["reason"]) == (RUNGS, "china-office", LADDER["reason"])
    assert found[0] == await desk.done("GET", CRITICAL)


async def test_a_version_says_who_published_it_and_the_shipped_one_stays_readable(desk: RuleDesk) -> None:
    await desk.done("PUT", CRITICAL, LADDER)
    versions = (await desk.done("GET", f"{CRITICAL}/versions"))["items"]
    assert [(each["number"], each["published_by"]) for each in versions] == [(2, "E9"), (1, "system")]
    assert len((await desk.done("GET", f"{CRITICAL}?number=1"))["rungs"]) == 3


async def put(desk: RuleDesk, path: str, body: Any, version: str | None = None) -> tuple[int, Any]:
    headers = desk.issuer.headers("E9", "ops") | ({"If-Match": f'"{version}"'} if version else {})
    response = await desk.http.request("PUT", path, json=body, headers=headers)
    return response.status_code, response.json()


async def test_a_version_that_another_one_overtook_is_refused(desk: RuleDesk) -> None:
    assert (await put(desk, CRITICAL, LADDER, "0"))[0] == 201
    status, problem = await put(desk, CRITICAL, LADDER | {"rungs": RUNGS[:1]}, "0")
    assert (status, problem["code"]) == (412, "version-mismatch")


async def test_what_is_wrong_is_named(desk: RuleDesk) -> None:
    refused = {
        "/calendar": LADDER | {"calendar": "unknown"},
        "/rungs/1/after_minutes": LADDER | {"rungs": [RUNGS[1], RUNGS[0]]},
        "/rungs/1/whom": LADDER | {"rungs": [RUNGS[0], {"after_minutes": 1, "whom": "neighbour"}]},
        "/rungs/0/whom": LADDER | {"rungs": [{"after_minutes": 1, "whom": "neighbour"}]},
        "/rungs": LADDER | {"rungs": []},
        "/reason": {"rungs": RUNGS},
    }
    for pointer, body in refused.items():
        status, problem = await put(desk, CRITICAL, body)
        assert (status, [each["pointer"] for each in problem["errors"]]) == (422, [pointer])
    assert (await put(desk, "/v1/ladders/fatal", LADDER))[0] == 422
    assert (await desk.ask("GET", "/v1/ladders/fatal")).status_code == 404


async def test_only_operations_and_administrators_publish(desk: RuleDesk) -> None:
    assert (await desk.ask("PUT", CRITICAL, LADDER, role="sales")).status_code == 403
    assert (await desk.ask("GET", CRITICAL, role="sales")).status_code == 200


DAYS_OFF = {"windows": [{"start": 0, "end": 1_440, "days": "days-off"}], "reason": "Asked for"}
QUIET = "/v1/quiet-hours"


async def test_quiet_hours_are_off_as_shipped_and_versioned(desk: RuleDesk) -> None:
    shipped = await desk.done("GET", QUIET)
    assert (shipped["number"], shipped["windows"]) == (1, [])
    await desk.done("PUT", QUIET, DAYS_OFF)
    await desk.done("PUT", QUIET, DAYS_OFF | {"reason": "Asked for again"})
    versions = (await desk.done("GET", f"{QUIET}/versions"))["items"]
    assert [(each["number"], each["published_by"]) for each in versions] == [(3, "E9"), (2, "E9"), (1, "system")]
    assert (await desk.ask("PUT", QUIET, DAYS_OFF, role="leader")).status_code == 403


async def test_what_is_wrong_with_quiet_hours_is_named(desk: RuleDesk) -> None:
    refused = {
        "/calendar": DAYS_OFF | {"calendar": "unknown"},
        "/windows/0/end": DAYS_OFF | {"windows": [{"start": 60, "end": 60}]},
        "/windows": DAYS_OFF | {"windows": [{"start": 0, "end": 1_440}]},
        "/ignored_by": DAYS_OFF | {"ignored_by": ["info", "info"]},
    }
    for pointer, body in refused.items():
        status, problem = await put(desk, QUIET, body)
        assert (status, [each["pointer"] for each in problem["errors"]]) == (422, [pointer])


def around(now: datetime) -> tuple[dict[str, int], datetime]:
    """Return a window from half an hour before to 90 minutes after, and its end."""
    start, end = now - timedelta(minutes=30), (now + timedelta(minutes=90)).replace(second=0, microsecond=0)
    return {"start": minutes(start), "end": minutes(end) or 1_440}, end


def minutes(at: datetime) -> int:
    return at.hour * 60 + at.minute


async def test_an_alert_of_the_quiet_hours_is_raised_at_once_and_its_delivery_waits(desk: RuleDesk) -> None:
    window, end = around(datetime.now(ZoneInfo(BUSINESS_ZONE)))
    await desk.done("PUT", QUIET, {"windows": [window], "reason": "A test"})
    customer_id = await desk.customer(40)
    await desk.settle()
    await desk.tell(customer_id, OwnerAssigned(owner_id="E3", leader_id="E2"))
    raised, readdressed = (each.event for each in await desk.told("inactivity"))
    assert isinstance(raised, AlertRaised)
    assert isinstance(readdressed, AlertReaddressed)
    assert (raised.deliver_after, readdressed.deliver_after) == (end, end)
    await desk.done("PUT", QUIET, {"windows": [window], "ignored_by": [raised.severity], "reason": "A test"})
    await desk.tell(customer_id, OwnerAssigned(owner_id="E1", leader_id="E2"))
    *kept, last = (each.event for each in await desk.told("inactivity"))
    assert [getattr(each, "deliver_after", None) for each in (*kept, last)] == [end, end, None]


async def test_without_quiet_hours_no_delivery_waits(desk: RuleDesk) -> None:
    await desk.customer(40)
    await desk.settle()
    assert [getattr(each.event, "deliver_after", None) for each in await desk.told("inactivity")] == [None]
