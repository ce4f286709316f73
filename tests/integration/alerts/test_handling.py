"""People handle alerts over HTTP, beside the detector."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.postgres.database import Connection, transaction
from chassis.runtime.clock import utc_now
from contracts.alerts import AlertCarriedAway, AlertCarriedIn, AlertCleared, AlertRaised
from contracts.customer import (
    CustomerErased,
    EmployeeLeaderChanged,
    EmployeeLeft,
    EmployeeReturned,
    HelperAdded,
    Merged,
    OwnerAssigned,
)
from contracts.event import Event
from contracts.examples import ALERT_ID, CUSTOMER_ID, EMPLOYEE_STREAM_ID, METADATA, example, example_envelope
from contracts.followup import AbsenceCancelled, AbsenceNoted
from services.alerts.detection.appending import Appender, Latest
from services.alerts.detection.detector import Detector
from services.alerts.engine.changes import Ending
from services.alerts.engine.episode import episode_of
from tests.bench.harness.event_data import fill
from tests.integration.alerts.conftest import ACTING, HELPER, LEADER, LEFT, OWNER, STRANGER, Desk
from tests.support.rule_books import THREE_RULES
from tests.support.waiting import eventually

ADDRESS = f"/v1/alerts/{ALERT_ID}"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()
STEPS: dict[str, dict[str, Any]] = {
    "acknowledgement": {},
    "assignment": {"owner_id": HELPER},
    "comments": {"text": "已联系"},
    "snooze": {"until": TOMORROW, "reason": "客户休假"},
    "unsnooze": {},
}


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def test_the_detail_shows_each_step_at_once(alert_desk: Desk) -> None:
    for step, body in STEPS.items():
        done = await alert_desk.post(f"{ADDRESS}/{step}", body)
        assert done.status_code == 200, done.text
        assert (await alert_desk.get(ADDRESS)).headers["etag"] == done.headers["etag"]
    seen = (await alert_desk.get(ADDRESS)).json()
    assert (seen["status"], seen["alert"]["acknowledged_by"], seen["owner_id"]) == ("acknowledged", OWNER, HELPER)
    assert [(each["employee_id"], each["text"]) for each in seen["comments"]] == [(OWNER, "已联系")]
    assert (seen["snooze_reason"], seen["snoozed_until"]) == ("客户休假", None)
    assert await alert_desk.types() == ["raised", "acknowledged", "assigned", "commented", "snoozed", "unsnoozed"]


@pytest.mark.parametrize("step", STEPS)
async def test_those_who_hold_the_customer_or_have_to_act_handle_it(alert_desk: Desk, step: str) -> None:
    for by, role in ((STRANGER, "sales"), (STRANGER, "leader"), ("E7", "service")):
        assert problem(await alert_desk.post(f"{ADDRESS}/{step}", STEPS[step], by, role)) == (403, "forbidden")
    assert await alert_desk.types() == ["raised"]
    for by, role in ((ACTING, "service"), (OWNER, "sales"), (LEADER, "leader"), (HELPER, "sales"), (STRANGER, "ops")):
        assert (await alert_desk.post(f"{ADDRESS}/{step}", STEPS[step], by, role)).status_code == 200


async def test_whoever_it_is_assigned_to_may_handle_it(alert_desk: Desk) -> None:
    await alert_desk.tell(EmployeeLeaderChanged(employee_id=STRANGER, leader_id=LEADER), subject=EMPLOYEE_STREAM_ID)
    assert (await alert_desk.post(f"{ADDRESS}/assignment", {"owner_id": STRANGER})).status_code == 200
    assert (await alert_desk.post(f"{ADDRESS}/acknowledgement", by=STRANGER)).status_code == 200
    assert (await alert_desk.post(f"{ADDRESS}/acknowledgement", by=ACTING)).status_code == 403


async def test_the_stand_in_of_whoever_has_to_act_handles_it_meanwhile(alert_desk: Desk) -> None:
    today = datetime.now(UTC).date()
    days = {"first_day": today - timedelta(days=1), "last_day": today + timedelta(days=1)}
    absence = example(AbsenceNoted, employee_id=ACTING, stand_in_id=STRANGER, **days)
    await alert_desk.tell(absence, subject=EMPLOYEE_STREAM_ID)
    assert (await alert_desk.get(ADDRESS, STRANGER)).status_code == 200
    assert (await alert_desk.post(f"{ADDRESS}/acknowledgement", by=STRANGER)).status_code == 200
    cancelled = AbsenceCancelled(absence_id=absence.absence_id, employee_id=ACTING)
    await alert_desk.tell(cancelled, subject=EMPLOYEE_STREAM_ID)
    assert (await alert_desk.get(ADDRESS, STRANGER)).status_code == 403
    assert (await alert_desk.post(f"{ADDRESS}/comments", STEPS["comments"], STRANGER)).status_code == 403


async def test_an_employee_who_has_left_gets_no_alert(alert_desk: Desk) -> None:
    await alert_desk.tell(EmployeeLeft(employee_id=LEFT), subject=EMPLOYEE_STREAM_ID)
    refused = await alert_desk.post(f"{ADDRESS}/assignment", {"owner_id": LEFT})
    assert problem(refused) == (409, "employee-left")
    assert LEFT in refused.json()["detail"]
    await alert_desk.tell(EmployeeReturned(employee_id=LEFT), subject=EMPLOYEE_STREAM_ID)
    assert (await alert_desk.post(f"{ADDRESS}/assignment", {"owner_id": LEFT})).status_code == 200


@pytest.mark.parametrize("leaver", [ACTING, OWNER, LEADER, HELPER, STRANGER])
async def test_an_employee_who_has_left_handles_and_mutes_nothing(alert_desk: Desk, leaver: str) -> None:
    """Also what they still hold, or the stranger stands in for. Who comes back may go on."""
    now = datetime.now(UTC).date()
    days = {"first_day": now - timedelta(days=1), "last_day": now + timedelta(days=1)}
    absence = example(AbsenceNoted, employee_id=ACTING, stand_in_id=STRANGER, **days)
    await alert_desk.tell(absence, EmployeeLeft(employee_id=leaver), subject=EMPLOYEE_STREAM_ID)
    for step, body in STEPS.items():
        refused = await alert_desk.post(f"{ADDRESS}/{step}", body, leaver)
        assert problem(refused) == (403, "employee-left"), step
        assert refused.json()["detail"] == f"The employee {leaver} has left the company and can handle no alerts."
    headers = {**alert_desk.issuer.headers(leaver, "sales"), "Accept-Language": "zh"}
    mute = f"/v1/customers/{CUSTOMER_ID}/mutes/inactivity"
    for refused in (
        await alert_desk.http.put(mute, json={"reason": "客户停产"}, headers=headers),
        await alert_desk.http.delete(mute, headers=headers),
    ):
        assert problem(refused) == (403, "employee-left")
        assert (refused.json()["type"], refused.json()["title"]) == ("/problems/forbidden", "无权查看或执行")
        assert refused.json()["detail"] == f"员工 {leaver} 已离职，不能处理预警。"
    items = [{"alert_id": str(ALERT_ID), "action": "acknowledge"}]
    [result] = (await alert_desk.post("/v1/alerts/bulk", {"items": items}, leaver)).json()["results"]
    assert (result["status"], result["problem"]["code"]) == (403, "employee-left")
    await alert_desk.tell(EmployeeReturned(employee_id=leaver), subject=EMPLOYEE_STREAM_ID)
    assert (await alert_desk.post(f"{ADDRESS}/acknowledgement", by=leaver)).status_code == 200


async def test_an_employee_whom_no_event_names_gets_no_alert(alert_desk: Desk) -> None:
    refused = await alert_desk.post(f"{ADDRESS}/assignment", {"owner_id": STRANGER})
    assert problem(refused) == (409, "employee-unknown")
    assert STRANGER in refused.json()["detail"]
    assert "Allowed are" in refused.json()["detail"]
    items = [{"alert_id": str(ALERT_ID), "action": "assign", "owner_id": STRANGER}]
    (many,) = (await alert_desk.post("/v1/alerts/bulk", {"items": items})).json()["results"]
    assert many["problem"]["code"] == "employee-unknown"
    assert (await alert_desk.post(f"{ADDRESS}/assignment", {"owner_id": "ops"}, "ops", "ops")).status_code == 200


@pytest.mark.parametrize(
    "naming",
    [
        OwnerAssigned(owner_id=STRANGER),
        OwnerAssigned(owner_id=OWNER, leader_id=STRANGER),
        HelperAdded(employee_id=STRANGER),
        EmployeeLeaderChanged(employee_id=STRANGER, leader_id=LEADER),
        EmployeeLeaderChanged(employee_id=OWNER, leader_id=STRANGER),
        example(AbsenceNoted, employee_id=STRANGER, stand_in_id=None),
        example(AbsenceNoted, employee_id=OWNER, stand_in_id=STRANGER),
    ],
)
async def test_an_employee_whom_an_event_has_named_gets_the_alert(alert_desk: Desk, naming: Event) -> None:
    await alert_desk.tell(naming, subject=EMPLOYEE_STREAM_ID)
    await alert_desk.tell(OwnerAssigned(previous_owner_id=STRANGER, owner_id=OWNER), subject=EMPLOYEE_STREAM_ID)
    assert (await alert_desk.post(f"{ADDRESS}/assignment", {"owner_id": STRANGER})).status_code == 200


async def test_a_repeated_request_has_one_effect(alert_desk: Desk) -> None:
    for step, body in STEPS.items():
        first, again = [await alert_desk.post(f"{ADDRESS}/{step}", body, idempotency_key=step) for _ in range(2)]
        assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true")
    assert len(await alert_desk.types()) == 1 + len(STEPS)


async def test_an_outdated_version_is_refused_and_the_present_one_is_not(alert_desk: Desk) -> None:
    assert (await alert_desk.post(f"{ADDRESS}/comments", STEPS["comments"], if_match='"1"')).status_code == 200
    assert problem(await alert_desk.post(f"{ADDRESS}/comments", STEPS["comments"], if_match='"1"')) == (
        412,
        "version-mismatch",
    )
    assert (await alert_desk.post(f"{ADDRESS}/comments", STEPS["comments"], if_match='"2"')).status_code == 200


async def test_many_at_once_all_count(alert_desk: Desk) -> None:
    told = [alert_desk.post(f"{ADDRESS}/comments", {"text": f"第 {number} 条"}) for number in range(8)]
    assert {each.status_code for each in await asyncio.gather(*told)} == {200}
    assert len((await alert_desk.get(ADDRESS)).json()["comments"]) == 8


@pytest.mark.parametrize("alert_id", [uuid4(), CUSTOMER_ID])
async def test_an_unknown_alert_is_not_found(alert_desk: Desk, alert_id: UUID) -> None:
    for step, body in STEPS.items():
        assert problem(await alert_desk.post(f"/v1/alerts/{alert_id}/{step}", body, role="ops")) == (404, "not-found")


@pytest.mark.parametrize(
    ("step", "body", "pointer"),
    [
        ("comments", {"text": ""}, "/text"),
        ("comments", {"text": "字" * 4_001}, "/text"),
        ("comments", {}, "/text"),
        ("snooze", {"until": TOMORROW}, "/reason"),
        ("snooze", {"until": "tomorrow", "reason": "x"}, "/until"),
        ("assignment", {"owner_id": "a b"}, "/owner_id"),
        ("acknowledgement", {"by": "E1"}, "/by"),
    ],
)
async def test_a_problem_names_the_field(alert_desk: Desk, step: str, body: dict[str, Any], pointer: str) -> None:
    refused = await alert_desk.post(f"{ADDRESS}/{step}", body)
    assert problem(refused) == (422, "validation-failed")
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_a_snooze_in_the_past_is_told_what_is_allowed(alert_desk: Desk) -> None:
    refused = await alert_desk.post(f"{ADDRESS}/snooze", {"until": "2024-01-01T00:00:00Z", "reason": "客户休假"})
    assert problem(refused) == (409, "until-out-of-range")
    assert "at most 180 days" in refused.json()["detail"]


def ending(alert: AlertRaised) -> Ending:
    return Ending(episode_of(alert), AlertCleared, datetime.now(UTC), datetime.now(UTC), None)


async def clear(alert_desk: Desk, detector: Detector | None = None) -> None:
    """Let the detector end the alert."""
    async with transaction(alert_desk.pool) as held:
        change = ending(example(AlertRaised, alert_id=ALERT_ID))
        await (detector or alert_desk.detector)._append(held, [(CUSTOMER_ID, change, METADATA)])
    alert_desk.needs.store.wake()


async def test_the_end_keeps_what_people_did(alert_desk: Desk) -> None:
    for step in ("acknowledgement", "assignment"):
        await alert_desk.post(f"{ADDRESS}/{step}", STEPS[step])
    await clear(alert_desk)
    seen = (await alert_desk.get(ADDRESS)).json()["alert"]
    assert (seen["status"], seen["acknowledged_by"], seen["owner_id"]) == ("resolved", OWNER, HELPER)
    for step, body in STEPS.items():
        refused = await alert_desk.post(f"{ADDRESS}/{step}", body, HELPER)
        assert problem(refused) == (409, "alert-ended")
        assert "can be read" in refused.json()["detail"]


async def test_an_erasure_deletes_the_texts_and_keeps_what_was_done(alert_desk: Desk) -> None:
    for step in ("comments", "snooze"):
        await alert_desk.post(f"{ADDRESS}/{step}", STEPS[step])
    exported = (await alert_desk.get(f"/v1/customers/{CUSTOMER_ID}/export", role="ops")).json()["facts"]
    assert [text for fact in exported for text in fact["words"].values()] == ["已联系", "客户休假"]
    await alert_desk.tell(example(CustomerErased))
    seen = (await alert_desk.get(ADDRESS)).json()
    assert ([each["text"] for each in seen["comments"]], seen["snooze_reason"]) == ([None], None)
    exported = (await alert_desk.get(f"/v1/customers/{CUSTOMER_ID}/export", role="ops")).json()["facts"]
    assert len(exported) == 3
    assert not [fact for fact in exported if fact["words"]]
    said = (await alert_desk.get(f"/v1/customers/{CUSTOMER_ID}/erasure", role="ops")).json()
    assert (len(said["received"]), said["entries"]) == (1, 0)
    assert await alert_desk.pool.fetchval("SELECT entries FROM erasure_received") == 2


async def test_what_is_said_after_an_erasure_is_not_kept(alert_desk: Desk) -> None:
    """The end of the alert may be on its way still."""
    await alert_desk.tell(example(CustomerErased))
    assert (await alert_desk.post(f"{ADDRESS}/comments", STEPS["comments"])).status_code == 200
    assert await alert_desk.pool.fetchval("SELECT count(*) FROM vault") == 0


async def test_an_export_includes_the_alerts_of_duplicates(alert_desk: Desk) -> None:
    duplicate_id, alert_id = uuid4(), uuid4()
    await alert_desk.tell(OwnerAssigned(owner_id=OWNER), subject=duplicate_id)
    await alert_desk.open(alert_id, duplicate_id)
    await alert_desk.post(f"/v1/alerts/{alert_id}/comments", STEPS["comments"])
    await alert_desk.tell(Merged(into_customer_id=CUSTOMER_ID), subject=duplicate_id)
    exported = (await alert_desk.get(f"/v1/customers/{CUSTOMER_ID}/export", role="ops")).json()["facts"]
    assert {UUID(fact["customer_id"]) for fact in exported} == {CUSTOMER_ID, duplicate_id}
    assert [text for fact in exported for text in fact["words"].values()] == ["已联系"]


class SlowAppender(Appender):
    """An appender that is overtaken: a command arrives after it has read the alert, before it appends."""

    commands: list[asyncio.Task[httpx.Response]]
    alert_desk: Desk

    async def _latest(self, held: Connection, alert_ids: Sequence[UUID]) -> dict[UUID, Latest]:
        latest = await super()._latest(held, alert_ids)
        self.commands.append(asyncio.create_task(self.alert_desk.post(f"{ADDRESS}/comments", STEPS["comments"])))
        # Long enough for the command to commit, if it could.
        await asyncio.wait(self.commands[-1:], timeout=0.5)
        return latest


async def test_a_command_that_arrives_while_the_detector_ends_the_alert_does_not_lose_the_end(alert_desk: Desk) -> None:
    store, mapper = alert_desk.needs.store, alert_desk.needs.mapper
    overtaken, slow = Detector(store, alert_desk.pool, mapper, THREE_RULES), SlowAppender(store, mapper, utc_now, None)
    slow.alert_desk, slow.commands, overtaken._appender = alert_desk, [], slow
    await clear(alert_desk, overtaken)
    # The first one is before the store is locked, so the end is made again; the second one waits for it.
    before, after = [await command for command in slow.commands]
    assert before.status_code == 200
    assert problem(after) == (409, "alert-ended")
    assert await alert_desk.types() == ["raised", "commented", "cleared"]


async def test_the_list_is_filtered_by_what_was_done(alert_desk: Desk) -> None:
    others = [uuid4() for _ in range(3)]
    for each in others:
        await alert_desk.open(each)
    await alert_desk.post(f"/v1/alerts/{others[0]}/acknowledgement")
    await alert_desk.post(f"/v1/alerts/{others[1]}/snooze", STEPS["snooze"])
    await clear(alert_desk)
    wanted = {
        "status=firing": {others[1], others[2]},
        "status=acknowledged": {others[0]},
        "status=resolved": {ALERT_ID},
        "open=true": set(others),
        "open=false": {ALERT_ID},
        "snoozed=true": {others[1]},
        "snoozed=false": {ALERT_ID, others[0], others[2]},
    }
    for query, expected in wanted.items():

        async def shows(query: str = query, expected: set[UUID] = expected) -> bool:
            listed = await alert_desk.get(f"/v1/alerts?{query}")
            return {UUID(each["id"]) for each in listed.json()["items"]} == expected

        await eventually(shows, within=20)


async def test_texts_that_were_written_while_an_alert_was_carried_go_with_its_customer(alert_desk: Desk) -> None:
    other, state = uuid4(), example(AlertRaised, owner_id=ACTING).model_dump(exclude={"type"})
    away = AlertCarriedAway(**state, to_customer_id=other)
    there = AlertCarriedIn(**state, from_customer_id=CUSTOMER_ID)
    steps = [(CUSTOMER_ID, away), (other, there)]
    back: list[tuple[UUID, Any]] = [(other, AlertCarriedAway(**state, to_customer_id=CUSTOMER_ID))]
    back.append((CUSTOMER_ID, AlertCarriedIn(**state, from_customer_id=other)))
    await carry(alert_desk, steps)
    written = await alert_desk.post(f"/v1/alerts/{ALERT_ID}/comments", {"text": "联系人 13800001111"}, "ops", "ops")
    assert written.status_code == 200, written.text
    await carry(alert_desk, back)
    assert await alert_desk.pool.fetchval("SELECT count(*) FROM vault") == 1
    await alert_desk.tell(example(CustomerErased))
    assert await alert_desk.pool.fetchval("SELECT count(*) FROM vault") == 0


async def carry(desk: Desk, steps: list[tuple[UUID, Any]]) -> None:
    version = (await desk.needs.alerts.latest(ALERT_ID)).version
    for number, (subject, event) in enumerate(steps, version + 1):
        envelope = example_envelope(event, id=uuid4(), subject=subject, stream_id=ALERT_ID, version=number)
        await fill(desk.needs.store, [envelope])


async def test_an_alert_that_was_assigned_by_hand_is_listed_for_its_new_owner_only(alert_desk: Desk) -> None:
    assert (await alert_desk.post(f"{ADDRESS}/assignment", {"owner_id": HELPER})).status_code == 200

    async def is_moved() -> bool:
        listed = [(await alert_desk.get(f"/v1/alerts?owner_id={each}")).json()["items"] for each in (HELPER, ACTING)]
        return [len(each) for each in listed] == [1, 0] and listed[0][0]["alert"]["assigned_by"] == OWNER

    await eventually(is_moved, within=20)


async def test_no_alert_has_the_version_0(alert_desk: Desk) -> None:
    refused = await alert_desk.post(f"{ADDRESS}/comments", STEPS["comments"], if_match='"0"')
    assert problem(refused) == (412, "version-mismatch")
    assert await alert_desk.types() == ["raised"]


async def test_the_detail_shows_the_reason_of_the_last_snooze(alert_desk: Desk) -> None:
    assert (await alert_desk.get(ADDRESS)).json()["snooze_reason"] is None
    for reason in ("客户休假", "客户停产"):
        await alert_desk.post(f"{ADDRESS}/snooze", {"until": TOMORROW, "reason": reason})
        assert (await alert_desk.get(ADDRESS)).json()["snooze_reason"] == reason
