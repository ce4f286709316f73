"""People mute a rule for a customer: its alerts are raised and shown, and nobody is reminded."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.customer import CustomerErased, Merged, Registered
from contracts.examples import ALERT_ID, CUSTOMER_ID, example
from services.alerts.shipped.rules import INACTIVITY
from tests.integration.alerts.conftest import HELPER, LEADER, OWNER, STRANGER, Desk
from tests.support.waiting import eventually

MUTES = f"/v1/customers/{CUSTOMER_ID}/mutes"
ADDRESS = f"{MUTES}/{INACTIVITY.id}"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()
BODY = {"until": TOMORROW, "reason": "客户休假"}


async def put(
    alert_desk: Desk, body: dict[str, Any], by: str = OWNER, role: str = "sales", path: str = ADDRESS, **more: str
) -> httpx.Response:
    return await alert_desk.http.put(path, json=body, headers=alert_desk.issuer.headers(by, role, **more))


async def delete(alert_desk: Desk, by: str = OWNER, role: str = "sales") -> httpx.Response:
    return await alert_desk.http.delete(ADDRESS, headers=alert_desk.issuer.headers(by, role))


async def listed(alert_desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await alert_desk.get(MUTES)).json()["items"]
    return found


async def shows(alert_desk: Desk, count: int) -> None:
    async def is_so() -> bool:
        return len(await listed(alert_desk)) == count

    await eventually(is_so, within=20)


async def test_a_mute_is_listed_with_its_reason_until_it_is_ended(alert_desk: Desk) -> None:
    assert (await put(alert_desk, BODY)).status_code == 201
    await shows(alert_desk, 1)
    [mute] = await listed(alert_desk)
    assert (mute["rule_id"], mute["muted_by"], mute["reason"]) == (INACTIVITY.id, OWNER, "客户休假")
    assert (await delete(alert_desk)).status_code == 200
    await shows(alert_desk, 0)
    version = (await delete(alert_desk)).json()["version"]
    assert version == 2


async def test_an_alert_shows_that_its_rule_is_muted(alert_desk: Desk) -> None:
    alert_id = uuid4()
    await alert_desk.open(alert_id, rule_id=INACTIVITY.id)
    assert (await alert_desk.get(f"/v1/alerts/{alert_id}")).json()["is_muted"] is False
    await put(alert_desk, BODY)
    seen = (await alert_desk.get(f"/v1/alerts/{alert_id}")).json()
    assert (seen["is_muted"], datetime.fromisoformat(seen["muted_until"])) == (True, datetime.fromisoformat(TOMORROW))
    assert (await alert_desk.get(f"/v1/alerts/{ALERT_ID}")).json()["is_muted"] is False
    await put(alert_desk, {"reason": "客户休假"})
    seen = (await alert_desk.get(f"/v1/alerts/{alert_id}")).json()
    assert (seen["is_muted"], seen["muted_until"]) == (True, None)
    await shows(alert_desk, 1)

    async def list_shows_it() -> bool:
        items = (await alert_desk.get("/v1/alerts")).json()["items"]
        return {each["id"]: each["is_muted"] for each in items} == {str(alert_id): True, str(ALERT_ID): False}

    await eventually(list_shows_it, within=20)


async def test_only_those_who_hold_the_customer_mute_its_rules(alert_desk: Desk) -> None:
    for by, role, expected in (
        (STRANGER, "sales", 403),
        (STRANGER, "leader", 403),
        (OWNER, "sales", 201),
        (LEADER, "leader", 200),
        (HELPER, "service", 200),
        (STRANGER, "ops", 200),
    ):
        assert (await put(alert_desk, BODY, by, role)).status_code == expected
    assert (await delete(alert_desk, STRANGER)).status_code == 403
    assert (await alert_desk.get(MUTES, STRANGER)).status_code == 403


@pytest.mark.parametrize("days", [-1, 181])
async def test_a_mute_ends_in_the_future_and_in_time(alert_desk: Desk, days: int) -> None:
    until = datetime.now(UTC) + timedelta(days=days)
    refused = await put(alert_desk, {"until": until.isoformat(), "reason": "客户休假"})
    assert (refused.status_code, refused.json()["code"]) == (409, "until-out-of-range")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/until"]


async def test_unknown_rules_and_customers_are_not_found(alert_desk: Desk) -> None:
    for path in (f"{MUTES}/unheard-of", f"/v1/customers/{uuid4()}/mutes/{INACTIVITY.id}"):
        refused = await put(alert_desk, BODY, role="ops", path=path)
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")


async def test_a_mute_of_a_merged_or_erased_customer_is_told_why_not(alert_desk: Desk) -> None:
    other_id = uuid4()
    await alert_desk.tell(example(Registered), subject=other_id)
    await alert_desk.tell(Merged(into_customer_id=CUSTOMER_ID), subject=other_id)
    refused = await put(alert_desk, BODY, role="ops", path=f"/v1/customers/{other_id}/mutes/{INACTIVITY.id}")
    assert (refused.status_code, refused.json()["canonical_id"]) == (410, str(CUSTOMER_ID))
    await put(alert_desk, BODY)
    await alert_desk.tell(example(CustomerErased))
    refused = await put(alert_desk, BODY)
    assert (refused.status_code, refused.json()["code"]) == (410, "customer-erased")
    assert await alert_desk.pool.fetchval("SELECT count(*) FROM vault") == 0


async def test_versions_and_repeated_requests_count_as_for_all_commands(alert_desk: Desk) -> None:
    first, again = [await put(alert_desk, BODY, idempotency_key="one") for _ in range(2)]
    assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true")
    assert (await put(alert_desk, BODY, if_match='"9"')).status_code == 412
    assert (await put(alert_desk, BODY, if_match='"1"')).status_code == 200
