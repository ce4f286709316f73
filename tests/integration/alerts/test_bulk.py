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


async def results(desk: Desk, items: list[dict[str, Any]], **more: str) -> list[dict[str, Any]]:
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


@pytest.mark.parametrize(
    ("items", "pointer"),
    [
        ([], "/items"),
        ([item("acknowledge")] * (MAX_BULK + 1), "/items"),
        ([item("close")], "/items/0/action"),
        ([item("comment")], "/items/0/text"),
        ([item("acknowledge"), item("snooze", until=TOMORROW)], "/items/1/reason"),
        ([item("acknowledge", text="已联系")], "/items/0/text"),
        ([item("assign", owner_id="a b")], "/items/0/owner_id"),
    ],
)
async def test_a_problem_names_the_item(alert_desk: Desk, items: list[dict[str, Any]], pointer: str) -> None:
    refused = await alert_desk.post(BULK, {"items": items})
    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_the_most_items_fit(alert_desk: Desk) -> None:
    done = await results(alert_desk, [item("acknowledge")] * MAX_BULK)
    assert {each["status"] for each in done} == {200}
    assert await alert_desk.types() == ["raised", "acknowledged"]
