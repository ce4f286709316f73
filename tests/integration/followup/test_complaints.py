"""The complaint's loop over HTTP: clocks, pauses, telling, consent by silence, reopening, lists."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from chassis.commands.command_handler import CommandHandler
from chassis.http import access
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.versions.lookup import Versions
from contracts.examples import LEADER, OWNER
from services.followup import workers
from services.followup.__main__ import dependencies
from services.followup.complaints.consent import ConsentTimer
from services.followup.complaints.escalation import EscalationTimer
from services.followup.complaints.recalculation import TargetRecalculation
from services.followup.domain.calendar import CALENDAR
from services.followup.domain.complaint import COMPLAINT
from tests.integration.followup.conftest import World
from tests.unit.chassis.issuer import SETTINGS

STRANGER = "E9999"
GRIEVANCE = {"channel": "wechat", "severity": "high", "topic": "late-delivery", "product": "cloud-server"}


async def raised(world: World, **changes: str) -> str:
    customer_id = await world.hears_of_customer()
    answered = await world.post(f"/v1/customers/{customer_id}/complaints", GRIEVANCE | changes, OWNER, "sales")
    assert answered.status_code == 201, answered.text
    return answered.headers["Location"]


async def step(world: World, complaint: str, name: str, **said: str) -> None:
    answered = await world.post(f"{complaint}/{name}", said, OWNER, "sales")
    assert answered.status_code == 200, answered.text


def consents(world: World, days_from_now: int) -> ConsentTimer:
    """Return the timer of one process, whose clock is so many days ahead."""
    handler = CommandHandler(EventStore(world.pool), COMPLAINT, EventMapper())
    return ConsentTimer(world.pool, handler, lambda: datetime.now(UTC) + timedelta(days=days_from_now))


async def test_a_complaint_is_promised_an_answer_and_a_resolution(world: World) -> None:
    complaint = await raised(world, occurred_at="2026-03-06T17:00:00+08:00")

    seen = (await world.get(complaint)).json()

    assert seen["answer_by"] == "2026-03-09T02:00:00Z"
    assert seen["resolve_by"] == "2026-03-10T09:00:00Z"
    assert (seen["calendar"], seen["calendar_number"], seen["product"]) == ("china-office", 1, "cloud-server")


async def test_a_complaint_that_was_given_on_is_the_new_owners(world: World) -> None:
    complaint = await raised(world)
    await step(world, complaint, "assignment", owner_id="E2002")

    assert (await world.get(complaint, "E2002", "service")).json()["state"] == "assigned"
    assert (await world.post(f"{complaint}/answer", {}, STRANGER, "sales")).status_code == 403


async def test_while_the_clock_stands_still_nothing_is_due(world: World) -> None:
    complaint = await raised(world, occurred_at="2026-03-02T09:00:00+08:00")
    await step(world, complaint, "pause", reason="waits-for-customer", occurred_at="2026-03-02T10:00:00+08:00")
    paused = (await world.get(complaint)).json()
    await step(world, complaint, "resumption", occurred_at="2026-03-03T14:00:00+08:00")
    resumed = (await world.get(complaint)).json()

    assert (paused["pause_reason"], paused["answer_by"]) == ("waits-for-customer", None)
    assert (resumed["pause_reason"], resumed["answer_by"]) == (None, "2026-03-03T07:00:00Z")


async def test_silence_becomes_consent_once_whoever_asks_and_how_often(world: World) -> None:
    complaint = await raised(world)
    await step(world, complaint, "answer", content="明天补发")
    await step(world, complaint, "communication", channel="phone")
    await world.lists_are_level()

    assert await consents(world, 0).run_due() == 0
    found = await asyncio.gather(*(consents(world, 30).run_due() for _ in range(3)))
    again = await consents(world, 31).run_due()

    assert (sum(found), again) == (1, 0)
    entries = (await world.get(f"{complaint}/events")).json()["items"]
    assert [entry["type"] for entry in entries].count("care.followup.complaint-consented.v1") == 1
    assert entries[-1]["actor"] == "system:followup"
    told = next(entry for entry in entries if entry["type"] == "care.followup.complaint-communicated.v1")
    assert entries[-1]["occurred_at"] == told["data"]["consent_at"]
    await step(world, complaint, "closure")
    assert (await world.get(complaint)).json()["state"] == "closed"


async def test_a_customer_who_confirms_does_not_consent_by_silence(world: World) -> None:
    complaint = await raised(world)
    await step(world, complaint, "answer")
    await step(world, complaint, "communication", channel="phone")
    await world.lists_are_level()
    await step(world, complaint, "confirmation")

    assert await consents(world, 30).run_due() == 0


async def test_the_first_verdict_outlives_a_reopening(world: World) -> None:
    complaint = await raised(world, occurred_at="2026-03-02T09:00:00+08:00")
    await step(world, complaint, "answer", occurred_at="2026-03-20T09:00:00+08:00")
    await step(world, complaint, "confirmation")
    await step(world, complaint, "closure")
    await step(world, complaint, "reopening", reason="came-back")
    await step(world, complaint, "answer")
    await step(world, complaint, "confirmation")
    await step(world, complaint, "closure")

    seen = (await world.get(complaint)).json()
    assert (seen["was_answered_in_time"], seen["verdict"], seen["was_resolved_in_time"]) == (False, False, True)
    assert seen["reopened_times"] == 1


async def test_what_is_overdue_can_be_listed(world: World) -> None:
    late = await raised(world, occurred_at="2026-03-02T09:00:00+08:00")
    paused = await raised(world, occurred_at="2026-03-02T09:00:00+08:00")
    await step(world, paused, "pause", reason="waits-for-customer", occurred_at="2026-03-02T10:00:00+08:00")
    await raised(world)
    await world.lists_are_level()

    listed = (await world.get("/v1/complaints", LEADER, "leader", overdue="true")).json()["items"]
    assert [item["id"] for item in listed] == [late.rpartition("/")[2]]
    assert len((await world.get("/v1/complaints")).json()["items"]) == 3


async def test_a_step_that_is_not_open_says_what_is(world: World) -> None:
    complaint = await raised(world)
    refused = await world.post(f"{complaint}/reopening", {"reason": "came-back"}, accept_language="zh-CN")

    assert (refused.status_code, refused.json()["code"]) == (409, "complaint-open")
    assert "可以继续答复" in refused.json()["detail"]


async def test_the_third_complaint_on_one_matter_escalates_once_however_they_come(world: World) -> None:
    customer_id = await world.hears_of_customer()
    path = f"/v1/customers/{customer_id}/complaints"
    answered = await asyncio.gather(*(world.post(path, GRIEVANCE, OWNER, "sales") for _ in range(4)))
    await world.lists_are_level()

    found = (await world.get("/v1/complaints", customer_id=str(customer_id))).json()["items"]
    assert sorted(item["repeat_number"] for item in found) == [1, 2, 3, 4]
    assert len({item["first_id"] for item in found}) == 1
    assert [item["repeat_number"] for item in found if item["escalation_level"]] == [3]
    for each in answered:
        (item,) = [item for item in found if item["id"] == each.json()["id"]]
        assert (await world.get(each.headers["Location"])).json() == item


def recalculation(world: World, after: timedelta = timedelta()) -> TargetRecalculation:
    store, mapper = EventStore(world.pool), EventMapper()
    calendars = Versions(CALENDAR, store, mapper, world.pseudonyms)
    complaints = CommandHandler(store, COMPLAINT, mapper)
    return TargetRecalculation(world.pool, complaints, calendars, lambda: datetime.now(UTC) + after)


async def test_a_changed_calendar_promises_open_complaints_again_once(world: World) -> None:
    opened, settled = await raised(world), await raised(world)
    await step(world, settled, "answer")
    await step(world, settled, "confirmation")
    before = (await world.get(opened)).json()
    never: list[list[dict[str, int]]] = [[]] * 6
    never_but_sundays = {"week": [*never, [{"start": 0, "end": 60}]], "made_up": []}
    published = await world.send("PUT", "/v1/calendars/china-office", json=never_but_sundays)
    assert published.status_code == 201
    await world.lists_are_level()

    await asyncio.gather(*(recalculation(world).run_due() for _ in range(2)))
    await world.lists_are_level()
    await recalculation(world).run_due()

    after = (await world.get(opened)).json()
    assert (before["calendar_number"], after["calendar_number"]) == (1, 2)
    assert after["resolve_by"] > before["resolve_by"]
    entries = (await world.get(f"{opened}/events")).json()["items"]
    assert [entry["type"] for entry in entries].count("care.followup.complaint-target-changed.v1") == 1
    assert (await world.get(settled)).json()["calendar_number"] == 1


async def test_a_calendar_that_waits_promises_again_once_it_is_in_force(world: World) -> None:
    opened = await raised(world)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    idle = {"week": [[], *[[{"start": 0, "end": 60}]] * 6], "made_up": [], "effective_from": tomorrow}
    assert (await world.send("PUT", "/v1/calendars/china-office", json=idle)).status_code == 201
    await world.lists_are_level()

    await recalculation(world).run_due()
    assert (await world.get(opened)).json()["calendar_number"] == 1
    assert (await world.get(await raised(world))).json()["calendar_number"] == 1

    await recalculation(world, timedelta(days=1)).run_due()
    assert (await world.get(opened)).json()["calendar_number"] == 2


async def test_a_teams_days_off_promise_again_what_falls_into_them(world: World) -> None:
    opened = await raised(world, severity="low")
    before = (await world.get(opened)).json()
    due = datetime.fromisoformat(before["resolve_by"]).astimezone(ZoneInfo("Asia/Shanghai")).date()
    closed = await world.post("/v1/calendars/china-office/closures", {"days": [due.isoformat()]})
    assert closed.status_code == 201
    await world.lists_are_level()

    await recalculation(world).run_due()

    after = (await world.get(opened)).json()
    assert (before["calendar_number"], after["calendar_number"]) == (1, 2)
    assert after["resolve_by"] > before["resolve_by"]
    changed = (await world.get(f"{opened}/events")).json()["items"][-1]
    assert changed["type"] == "care.followup.complaint-target-changed.v1"


POLICY = {
    "targets": [
        {"severity": each, "answer_minutes": 30, "resolve_minutes": 60}
        for each in ("low", "normal", "high", "critical")
    ],
    "consent_workdays": 3,
}


async def test_a_complaint_keeps_the_policy_that_it_was_promised_under(world: World) -> None:
    before = await raised(world, occurred_at="2026-03-02T09:00:00+08:00")
    published = await world.send("PUT", "/v1/complaint-policy", json=POLICY)
    assert published.status_code == 201, published.text
    after = await raised(world, occurred_at="2026-03-02T09:00:00+08:00")

    shown = {each: (await world.get(each)).json() for each in (before, after)}
    assert [shown[each]["policy_number"] for each in (before, after)] == [1, 2]
    assert [shown[each]["answer_by"] for each in (before, after)] == ["2026-03-02T03:00:00Z", "2026-03-02T01:30:00Z"]
    for complaint, consent_at in ((before, "2026-03-09T02:00:00Z"), (after, "2026-03-05T02:00:00Z")):
        await step(world, complaint, "answer", occurred_at="2026-03-02T09:10:00+08:00")
        await step(world, complaint, "communication", channel="phone", occurred_at="2026-03-02T10:00:00+08:00")
        assert (await world.get(complaint)).json()["consent_at"] == consent_at
    assert (await world.get("/v1/complaint-policy", version=1)).json()["consent_workdays"] == 5
    assert (await world.get("/v1/complaint-policy")).json()["number"] == 2
    assert (await world.get("/v1/complaint-policy", version=3)).status_code == 404


async def test_a_clock_begins_under_a_policy_once_that_is_in_force(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    waits = POLICY | {"effective_from": tomorrow.isoformat()}
    assert (await world.send("PUT", "/v1/complaint-policy", json=waits)).status_code == 201
    before = await raised(world)
    monkeypatch.setattr(access, "datetime", SimpleNamespace(now=lambda _zone: tomorrow))
    after = await raised(world)
    assert [(await world.get(each)).json()["policy_number"] for each in (before, after)] == [1, 2]


async def test_only_ops_and_admin_say_what_is_promised_and_by_a_calendar_that_there_is(world: World) -> None:
    assert (await world.send("PUT", "/v1/complaint-policy", OWNER, "sales", json=POLICY)).status_code == 403
    elsewhere = POLICY | {"calendar": "no-such"}
    refused = await world.send("PUT", "/v1/complaint-policy", json=elsewhere)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/calendar")


async def test_what_is_late_escalates_by_a_timer_once_for_each_level(world: World) -> None:
    complaint = await raised(world, occurred_at="2026-03-02T09:00:00+08:00", intake="partner", partner="huadong")
    lateness = late(world, "2026-03-02T11:30:00+08:00")
    await world.lists_are_level()
    assert [await lateness.run_due(), await lateness.run_due()] == [1, 0]
    assert (await world.get(complaint)).json()["escalation_level"] == 1
    await world.lists_are_level()
    assert await late(world, "2026-03-10T09:00:00+08:00").run_due() == 1
    seen = (await world.get(complaint)).json()
    assert (seen["escalation_level"], seen["intake"], seen["partner"]) == (2, "partner", "huadong")
    await world.lists_are_level()
    listed = (await world.get("/v1/complaints")).json()["items"]
    assert [each["escalation_level"] for each in listed] == [2]


async def test_another_severity_moves_what_is_due(world: World) -> None:
    complaint = await raised(world, occurred_at="2026-03-02T09:00:00+08:00")
    await step(world, complaint, "severity", severity="low", reason="one-user", occurred_at="2026-03-02T10:00:00+08:00")
    seen = (await world.get(complaint)).json()
    assert (seen["severity"], seen["answer_by"]) == ("low", "2026-03-02T10:00:00Z")


def late(world: World, at: str) -> EscalationTimer:
    """Return the timer of one process, whose clock is at this time."""
    needs = dependencies(ServiceContext(SETTINGS, world.pool, Supervisor(), None))  # type: ignore[arg-type]
    return workers.escalation_timer(needs, lambda: datetime.fromisoformat(at))
