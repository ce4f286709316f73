"""The read model through the API: access rules, and every figure links to its list."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.postgres.database import Pool
from contracts.customer import HelperRemoved
from contracts.examples import ALERT_ID, CAUSE_ID, CUSTOMER_ID, TASK_ID
from tests.integration.reporting.conftest import Get, feed
from tests.unit.reporting.story import CUSTOMER_FACTS, IN_TOPIC_ORDER, LATE_TASK, OTHER_ID, OTHER_TASK, day, told

OWNER = ("E1007", "sales")
LEADER = ("E1001", "leader")
HELPER = ("E5", "service")
STRANGER = ("E3333", "service")
READ_ALL_PARTITIONS = """
    INSERT INTO consumer_position SELECT p.consumer, p.topic, n, 0, $1
    FROM consumer_position p CROSS JOIN generate_series(1, 5) n
"""
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


async def items(get: Get, path: str, subject: str = "ops", role: str = "ops", **params: Any) -> list[dict[str, Any]]:
    response = await get(path, subject, role, **params)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["items"]
    return found


async def test_one_response_holds_the_360_view(get: Get) -> None:
    whole = (await get(f"/v1/customers/{OTHER_ID}", "fin", "finance")).json()
    assert (whole["company_name"], whole["stage"], whole["mode"]) == ("北京新创", "interested", "follow-up")
    assert (whole["open_tasks"], whole["overdue_tasks"], whole["open_alerts"], whole["contacts"]) == (1, 1, 1, 1)
    assert [(task["id"], task["state"], task["verdict"]) for task in whole["tasks"]] == [
        (str(OTHER_TASK), "open", "overdue")
    ]
    assert [alert["causes"] for alert in whole["alerts"]] == [[str(CAUSE_ID)]]
    assert len(whole["timeline"]) == 7
    assert whole["timeline"][0]["type"] == "care.alert.raised.v1"


async def test_an_open_complaint_is_part_of_it(get: Get) -> None:
    whole = (await get(f"/v1/customers/{CUSTOMER_ID}", *OWNER)).json()
    assert [complaint["answers"] for complaint in whole["complaints"]] == [1]
    assert (whole["tasks"], whole["alerts"]) == ([], [])


async def test_an_automated_touch_is_no_contact_that_counts(get: Get) -> None:
    whole = (await get(f"/v1/customers/{CUSTOMER_ID}")).json()
    assert whole["last_contact_at"] == day(1).isoformat().replace("+00:00", "Z")
    assert whole["contacts"] == 2


@pytest.mark.parametrize(("who", "status"), [(OWNER, 200), (LEADER, 200), (STRANGER, 403), (("x", "ops"), 200)])
@pytest.mark.parametrize("path", [f"/v1/customers/{CUSTOMER_ID}", f"/v1/customers/{CUSTOMER_ID}/timeline"])
async def test_a_customer_is_shown_to_its_holders(get: Get, path: str, who: tuple[str, str], status: int) -> None:
    assert (await get(path, *who)).status_code == status


@pytest.mark.parametrize("path", ["/v1/customers/{}", "/v1/customers/{}/timeline"])
async def test_an_unknown_customer_is_not_found(get: Get, path: str) -> None:
    assert (await get(path.format(uuid4()))).status_code == 404


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/tasks", "/v1/alerts"])
async def test_lists_show_a_seller_their_own_only(get: Get, path: str) -> None:
    everything, own, led = await items(get, path), await items(get, path, *OWNER), await items(get, path, *LEADER)
    assert own == led
    assert 0 < len(own) < len(everything)
    assert {item.get("customer_id", item["id"]) for item in own} == {str(CUSTOMER_ID)}
    assert await items(get, path, *STRANGER) == []


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/tasks", "/v1/alerts"])
async def test_lists_show_a_helper_whom_they_help(get: Get, path: str) -> None:
    assert {item.get("customer_id", item["id"]) for item in await items(get, path, *HELPER)} == {str(OTHER_ID)}


async def test_a_helper_reads_the_customer_until_removed(get: Get, story: Pool) -> None:
    for path in (f"/v1/customers/{OTHER_ID}", f"/v1/customers/{OTHER_ID}/timeline"):
        assert (await get(path, *HELPER)).status_code == 200
    assert (await get(f"/v1/customers/{CUSTOMER_ID}", *HELPER)).status_code == 403
    removed = told((9, OTHER_ID, OTHER_ID, HelperRemoved(employee_id="E5")))[0]
    await feed(story, [replace(removed, position=len(CUSTOMER_FACTS) + 1)])
    assert (await get(f"/v1/customers/{OTHER_ID}", *HELPER)).status_code == 403
    assert await items(get, "/v1/customers", *HELPER) == []


async def test_figures_show_a_seller_their_own_only(get: Get) -> None:
    funnel = (await get("/v1/reports/stage-funnel", *OWNER, **MARCH)).json()
    assert {row["stage"]: row["customers"] for row in funnel["stages"] if row["customers"]} == {"signed": 1}
    timeliness = (await get("/v1/reports/followup-timeliness", *STRANGER, **MARCH)).json()
    assert (timeliness["total"]["denominator"], timeliness["total"]["rate"]) == (0, None)
    assert (await get("/v1/reports/open-alerts", *OWNER)).json()["open"] == 0


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"stage": "signed"}, {CUSTOMER_ID}),
        ({"tier": "vip"}, {CUSTOMER_ID}),
        ({"owner_id": "E2001"}, {OTHER_ID}),
        ({"has_open_alert": True}, {OTHER_ID}),
        ({"has_open_alert": False}, {CUSTOMER_ID}),
        ({"entered_stage": "new"}, {CUSTOMER_ID}),
        ({"entered_from": day(1).isoformat()}, {CUSTOMER_ID}),
        ({"entered_to": day(0).isoformat()}, set()),
        ({}, {CUSTOMER_ID, OTHER_ID}),
    ],
)
async def test_customers_are_narrowed_by(get: Get, filters: dict[str, Any], expected: set[Any]) -> None:
    assert {item["id"] for item in await items(get, "/v1/customers", **filters)} == {str(each) for each in expected}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"verdict": "on-time"}, [TASK_ID]),
        ({"verdict": "late"}, [LATE_TASK]),
        ({"verdict": "overdue"}, [OTHER_TASK]),
        ({"state": "completed"}, [LATE_TASK, TASK_ID]),
        ({"has_verdict": False}, []),
        ({"owner_id": "E1007", "due_from": day(5.5).isoformat(), "due_to": day(6).isoformat()}, [LATE_TASK]),
        ({"customer_id": str(OTHER_ID)}, [OTHER_TASK]),
        ({}, [OTHER_TASK, LATE_TASK, TASK_ID]),
    ],
)
async def test_tasks_are_narrowed_by(get: Get, filters: dict[str, Any], expected: list[Any]) -> None:
    assert [item["id"] for item in await items(get, "/v1/tasks", **filters)] == [str(each) for each in expected]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"status": "firing"}, 1),
        ({"status": "acknowledged"}, 0),
        ({"status": "resolved"}, 1),
        ({"is_open": True}, 1),
        ({"is_open": False}, 1),
        ({"rule_id": "inactive.interested"}, 2),
        ({"rule_id": "another"}, 0),
        ({"owner_id": "E1007"}, 2),
        ({"has_owner": False}, 0),
        ({"customer_id": str(CUSTOMER_ID)}, 1),
    ],
)
async def test_alerts_are_narrowed_by(get: Get, filters: dict[str, Any], count: int) -> None:
    assert len(await items(get, "/v1/alerts", **filters)) == count


async def test_a_resolved_alert_says_how_it_ended(get: Get) -> None:
    (alert,) = await items(get, "/v1/alerts", status="resolved")
    assert (alert["id"], alert["outcome"]) == (str(ALERT_ID), "cleared")


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/tasks", "/v1/alerts", f"/v1/customers/{CUSTOMER_ID}/timeline"])
async def test_pages_join_up_to_the_whole_list(get: Get, path: str) -> None:
    whole, pages, cursor = await items(get, path), [], None
    while True:
        page = (await get(path, limit=1, **({"cursor": cursor} if cursor else {}))).json()
        pages += page["items"]
        cursor = page["next_cursor"]
        assert page["has_more"] is (cursor is not None)
        if cursor is None:
            break
    assert pages == whole


async def test_a_cursor_is_good_for_its_own_list_and_reader_only(get: Get) -> None:
    cursor = (await get("/v1/tasks", limit=1)).json()["next_cursor"]
    assert (await get("/v1/tasks", cursor=cursor, state="open")).status_code == 400
    assert (await get("/v1/alerts", cursor=cursor)).status_code == 400
    assert (await get("/v1/tasks", *OWNER, cursor=cursor)).status_code == 400


async def test_the_timeline_names_every_event_newest_first(get: Get) -> None:
    entries = await items(get, f"/v1/customers/{CUSTOMER_ID}/timeline")
    assert {entry["event_id"] for entry in entries} == {
        str(fact.id) for fact in IN_TOPIC_ORDER if fact.subject == CUSTOMER_ID
    }
    times = [entry["occurred_at"] for entry in entries]
    assert times == sorted(times, reverse=True)


async def test_the_funnel_counts_customers_in_a_stage_and_those_who_entered_it(get: Get) -> None:
    funnel = (await get("/v1/reports/stage-funnel", **MARCH)).json()
    counts = {row["stage"]: (row["customers"], row["entered"]) for row in funnel["stages"]}
    assert counts == {"new": (0, 1), "interested": (1, 1), "signed": (1, 1), "established": (0, 0), "lost": (0, 0)}
    for row in funnel["stages"]:
        for name, address in row["details"].items():
            assert len(await items(get, address)) == row[name]


async def test_timeliness_adds_up_and_every_number_opens_to_its_tasks(get: Get) -> None:
    report = (await get("/v1/reports/followup-timeliness", **MARCH)).json()
    total = report["total"]
    assert (total["numerator"], total["denominator"], total["late"], total["overdue"]) == (1, 3, 1, 1)
    assert total["rate"] == 0.3333
    assert [(line["owner_id"], line["rate"]) for line in report["owners"]] == [("E1007", 0.5), ("E2001", 0.0)]
    assert (report["zone"], report["formula"]["version"]) == ("Asia/Shanghai", 1)
    for line in (total, *report["owners"]):
        for name, address in line["details"].items():
            assert len(await items(get, address)) == line[name], name


async def test_timeliness_can_be_filtered_by_owner(get: Get) -> None:
    one = (await get("/v1/reports/followup-timeliness", **MARCH, owner_id="E2001")).json()
    assert (one["total"]["denominator"], one["total"]["overdue"]) == (1, 1)


@pytest.mark.parametrize(("last_day", "due"), [("2026-03-04", 0), ("2026-03-05", 1)])
async def test_31_a_report_includes_its_last_day(get: Get, last_day: str, due: int) -> None:
    report = (await get("/v1/reports/followup-timeliness", **{"from": last_day, "to": last_day})).json()
    assert report["total"]["denominator"] == due
    begins_at, ends_at = (datetime.fromisoformat(report[name]) for name in ("begins_at", "ends_at"))
    assert ends_at - begins_at == timedelta(days=1)


@pytest.mark.parametrize("last_day", ["1899-12-31", "2201-01-01", "9999-12-31", "0001-01-01"])
async def test_31_a_last_day_out_of_range_is_named(get: Get, last_day: str) -> None:
    response = await get("/v1/reports/stage-funnel", to=last_day)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "query:to"


async def test_open_alerts_are_counted_and_listed(get: Get) -> None:
    report = (await get("/v1/reports/open-alerts")).json()
    assert report["open"] == len(await items(get, report["details"])) == 1
    for line in (*report["owners"], *report["rules"]):
        assert len(await items(get, line["details"])) == line["open"]


async def test_a_report_says_how_far_it_is_complete_once_every_partition_is_known(get: Get, story: Pool) -> None:
    assert (await get("/v1/reports/open-alerts")).json()["complete_until"] is None
    await story.execute(READ_ALL_PARTITIONS, day(30))
    assert (await get("/v1/reports/open-alerts")).json()["complete_until"] == "2026-03-06T01:01:00Z"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/v1/reports/stage-funnel", {"from": "yesterday"}),
        ("/v1/reports/stage-funnel", {"from": "2026-03-02", "to": "2026-03-01"}),
        ("/v1/tasks", {"verdict": "sooner"}),
        ("/v1/tasks", {"due_from": "2026-03-01"}),
        ("/v1/alerts", {"owner_id": "王敏"}),
        ("/v1/customers/not-an-id", {}),
    ],
)
async def test_what_does_not_fit_is_named(get: Get, path: str, params: dict[str, str]) -> None:
    response = await get(path, **params)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"]
