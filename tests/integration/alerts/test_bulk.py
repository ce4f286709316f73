"""Many alerts are handled in one request: each item has its own result, and is done once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.examples import ALERT_ID
from services.alerts.commands.bulk import MAX_BULK
from tests.integration.alerts.conftest import HELPER, STRANGER, Desk

BULK = "/v1/alerts/bulk"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


def item(action: str, alert_id: UUID = ALERT_ID, **fields: Any) -> dict[str, Any]:
    return {"action": action, "alert_id": str(alert_id), **fields}


ALL = [
    item("acknowledge"),
    item("assign", owner_id=HELPER),
    item("comment", text="已联系"),
    item("snooze", until=TOMORROW, reason="客户休假"),
    item("unsnooze"),
]


async def results(desk: Desk, items: list[Any], **more: str) -> list[dict[str, Any]]:
    response = await desk.post(BULK, {"items": items}, **more)
    assert response.status_code == 207, response.text
    found: list[dict[str, Any]] = response.json()["results"]
    return found


async def test_every_item_is_done_in_its_order(alert_desk: Desk) -> None:
    done = await results(alert_desk, ALL)
    assert [(each["status"], each["version"]) for each in done] == [(200, version) for version in range(2, 7)]
    assert await alert_desk.types() == ["raised", "acknowledged", "assigned", "commented", "snoozed", "unsnoozed"]
    read = (await alert_desk.get(f"/v1/alerts/{ALERT_ID}")).json()
    assert [each["text"] for each in read["comments"]] == ["已联系"]


async def test_an_item_that_fails_says_why_and_the_others_are_done(alert_desk: Desk) -> None:
    others = uuid4()
    await alert_desk.open(others, uuid4(), owner_id=STRANGER)
    done = await results(
        alert_desk,
        [
            item("acknowledge", uuid4()),
            item("acknowledge", others),
            item("snooze", until="2024-01-01T00:00:00Z", reason="客户休假"),
            item("acknowledge"),
        ],
    )
    assert [each["status"] for each in done] == [404, 403, 409, 200]
    assert [each["problem"]["code"] for each in done[:3]] == ["not-found", "forbidden", "until-out-of-range"]
    assert "at most 180 days" in done[2]["problem"]["detail"]
    assert [error["pointer"] for error in done[2]["problem"]["errors"]] == ["/items/2/until"]
    assert await alert_desk.types(others) == ["raised"]


async def test_a_repeated_request_repeats_no_item(alert_desk: Desk) -> None:
    first, again = [await results(alert_desk, ALL, idempotency_key="one") for _ in range(2)]
    assert first == again
    assert len(await alert_desk.types()) == 6


async def test_a_repeated_request_does_what_had_failed(alert_desk: Desk) -> None:
    missing = uuid4()
    items = [item("comment", text="已联系"), item("acknowledge", missing)]
    assert [each["status"] for each in await results(alert_desk, items, idempotency_key="one")] == [200, 404]
    await alert_desk.open(missing)
    assert [each["status"] for each in await results(alert_desk, items, idempotency_key="one")] == [200, 200]
    assert await alert_desk.types() == ["raised", "commented"]


MALFORMED: list[tuple[Any, str]] = [
    (item("close"), "/items/1/action"),
    (item("comment"), "/items/1/text"),
    (item("snooze", until=TOMORROW), "/items/1/reason"),
    (item("snooze", until="tomorrow", reason="客户休假"), "/items/1/until"),
    (item("acknowledge", text="已联系"), "/items/1/text"),
    (item("assign", owner_id="a b"), "/items/1/owner_id"),
    (item("acknowledge", unknown=1), "/items/1/unknown"),
    ({"action": "acknowledge"}, "/items/1/alert_id"),
    ({"action": "acknowledge", "alert_id": "A-1"}, "/items/1/alert_id"),
    ({"action": "acknowledge", "alert_id": 7}, "/items/1/alert_id"),
    ({"action": ["acknowledge"], "alert_id": None}, "/items/1/action"),
    ({}, "/items/1/alert_id"),
    (None, "/items/1"),
    ("acknowledge", "/items/1"),
    ([item("acknowledge")], "/items/1"),
]


@pytest.mark.parametrize(("given", "pointer"), MALFORMED)
async def test_a_malformed_item_has_its_own_problem_and_the_others_are_done(
    alert_desk: Desk, given: Any, pointer: str
) -> None:
    done = await results(alert_desk, [item("comment", text="一"), given, item("comment", text="二")])
    assert [each["status"] for each in done] == [200, 422, 200]
    assert done[1]["problem"]["code"] == "validation-failed"
    assert pointer in {each["pointer"] for each in done[1]["problem"]["errors"]}
    is_named = isinstance(given, dict) and given.get("alert_id") == str(ALERT_ID)
    assert done[1]["alert_id"] == (str(ALERT_ID) if is_named else None)
    assert await alert_desk.types() == ["raised", "commented", "commented"]


@pytest.mark.parametrize(
    ("items", "rule"),
    [([], "too_short"), ([{}] * (MAX_BULK + 1), "too_long"), ({}, "tuple_type"), (None, "tuple_type")],
)
async def test_a_request_that_is_no_list_or_too_long_is_refused(alert_desk: Desk, items: Any, rule: str) -> None:
    refused = await alert_desk.post(BULK, {"items": items})
    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")
    assert [(each["pointer"], each["rule"]) for each in refused.json()["errors"]] == [("/items", rule)]
    assert await alert_desk.types() == ["raised"]


async def test_the_problem_of_an_item_is_in_the_language_of_the_caller(alert_desk: Desk) -> None:
    (done,) = await results(alert_desk, [item("comment")], accept_language="zh-CN")
    assert "须填写" in done["problem"]["errors"][0]["detail"]


async def test_the_most_items_fit(alert_desk: Desk) -> None:
    done = await results(alert_desk, [item("acknowledge")] * MAX_BULK)
    assert {each["status"] for each in done} == {200}
    assert await alert_desk.types() == ["raised", "acknowledged"]
