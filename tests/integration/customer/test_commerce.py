"""Orders, quotes and contracts through the API: recorded once, changed step by step, read and listed."""

from typing import Any

import pytest

from tests.integration.customer.conftest import Api
from tests.support.waiting import eventually

MONEY = {"amount_minor": 12_800_000, "currency": "CNY"}
ORDER = {"external": {"system": "erp", "id": "SO-1"}, "category": "servers", **MONEY}
TERM = {"starts_on": "2024-01-01", "ends_on": "2024-12-31", **MONEY}
NEXT_TERM = {"starts_on": "2025-01-01", "ends_on": "2025-12-31", **MONEY}
SELLER, STRANGER = ("E1007", "sales"), ("E3333", "sales")


async def made(api: Api, path: str, body: dict[str, Any], **asked: Any) -> str:
    """Send a command that makes something and return the address of what it made."""
    response = await api.post(path, body, **asked)
    assert response.status_code == 201, response.text
    return str(response.headers["location"])


async def code_of(api: Api, path: str, body: dict[str, Any]) -> tuple[int, str]:
    response = await api.post(path, body)
    return response.status_code, response.json()["code"]


async def listed(api: Api, path: str, count: int) -> list[dict[str, Any]]:
    """Return the items of a list once there are `count` of them."""

    async def caught_up() -> bool:
        return len((await api.get(path)).json()["items"]) == count

    await eventually(caught_up)
    items: list[dict[str, Any]] = (await api.get(path)).json()["items"]
    return items


async def test_an_order_is_placed_and_delivered(api: Api) -> None:
    customer = await api.registered()
    order = await made(api, f"{customer}/orders", ORDER | {"occurred_at": "2024-06-01T09:00:00+08:00"})
    delivered = await api.post(f"{order}/delivery", None)
    assert (delivered.status_code, delivered.headers["etag"]) == (200, '"2"')
    read = await api.get(order)
    assert read.headers["etag"] == '"2"'
    assert read.json() | {"delivered_at": None} == {
        "id": order.rpartition("/")[2],
        "version": 2,
        "customer_id": customer.rpartition("/")[2],
        "state": "delivered",
        "external_system": "erp",
        "external_id": "SO-1",
        "category": "servers",
        **MONEY,
        "reason": None,
        "placed_at": "2024-06-01T01:00:00Z",
        "delivered_at": None,
        "cancelled_at": None,
    }


async def test_the_same_order_recorded_twice_is_one(api: Api) -> None:
    customer = await api.registered()
    order = await made(api, f"{customer}/orders", ORDER)
    again = await api.post(f"{customer}/orders", ORDER | {"external": {"system": "erp", "id": " so-1"}})
    assert (again.status_code, again.headers["location"]) == (200, order)
    assert await code_of(api, f"{customer}/orders", ORDER | {"amount_minor": 1}) == (409, "order-differs")
    assert len(await listed(api, f"{customer}/orders", 1)) == 1


async def test_a_number_belongs_to_one_customer(api: Api) -> None:
    await made(api, f"{await api.registered()}/orders", ORDER)
    another = await api.registered()
    assert await code_of(api, f"{another}/orders", ORDER) == (409, "order-of-another-customer")
    assert await listed(api, f"{another}/orders", 0) == []


async def test_an_illegal_step_says_what_is_legal_in_both_languages(api: Api) -> None:
    order = await made(api, f"{await api.registered()}/orders", ORDER)
    await api.post(f"{order}/cancellation", {"reason": "paid-too-late"})
    english = await api.post(f"{order}/delivery", {})
    chinese = await api.post(f"{order}/delivery", {}, accept_language="zh-CN")
    assert (english.status_code, english.json()["code"]) == (409, "order-closed")
    assert "is already cancelled. Only an open order" in english.json()["detail"]
    assert "该订单已取消。只有未交付" in chinese.json()["detail"]


async def test_a_stale_version_changes_nothing(api: Api) -> None:
    order = await made(api, f"{await api.registered()}/orders", ORDER)
    await api.post(f"{order}/delivery", {})
    late = await api.post(f"{order}/cancellation", {"reason": "other"}, if_match='"1"')
    assert (late.status_code, late.json()["code"]) == (412, "version-mismatch")


async def test_a_retry_makes_no_second_order(api: Api) -> None:
    path = f"{await api.registered()}/orders"
    first, second = [await api.post(path, MONEY, idempotency_key="k1") for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["location"] == first.headers["location"]


async def test_a_quote_is_requested_issued_and_compared(api: Api) -> None:
    customer = await api.registered()
    quote = await made(api, f"{customer}/quotes", {"category": "servers"})
    assert await code_of(api, f"{quote}/comparison", {}) == (409, "quote-not-issued")
    await api.post(f"{quote}/issue", MONEY)
    for competitor in ({"competitor": "cloud-b"}, None):
        assert (await api.post(f"{quote}/comparison", competitor)).status_code == 200
    read = (await api.get(quote)).json()
    assert (read["comparisons"], read["competitor"], read["amount_minor"]) == (2, "cloud-b", 12_800_000)
    types = [entry["type"] for entry in (await api.get(f"{quote}/events")).json()["items"]]
    assert types == [f"care.customer.quote-{step}.v1" for step in ("requested", "issued", "compared", "compared")]


async def test_a_contract_is_signed_renewed_and_ended(api: Api) -> None:
    customer = await api.registered()
    contract = await made(api, f"{customer}/contracts", TERM | {"kind": "strategic", "document_id": "DMS-1"})
    await api.post(f"{contract}/renewal-intent", {"intent": "yes"})
    assert (await api.get(contract)).json()["renewal_intent"] == "yes"
    assert await code_of(api, f"{contract}/renewal", TERM) == (409, "renewal-too-early")
    await api.post(f"{contract}/renewal", NEXT_TERM)
    await api.post(f"{contract}/ending", {"reason": "not-renewed"})
    (read,) = await listed(api, f"{customer}/contracts", 1)
    current = (await api.get(contract)).json()
    assert (current["kind"], current["renewals"], current["renewal_intent"]) == ("strategic", 1, "unknown")
    assert (current["starts_on"], current["ends_on"], current["reason"]) == ("2025-01-01", "2025-12-31", "not-renewed")
    assert read["id"] == current["id"]


async def test_lists_come_in_pages_the_latest_first(api: Api) -> None:
    customer = await api.registered()
    for number in range(5):
        body = MONEY | {"amount_minor": number, "occurred_at": f"2024-06-0{number + 1}T09:00:00Z"}
        await made(api, f"{customer}/orders", body)
    await listed(api, f"{customer}/orders", 5)
    amounts, cursor, page = [], "", {}
    for _ in range(3):
        page = (await api.get(f"{customer}/orders?limit=2{cursor}")).json()
        amounts += [item["amount_minor"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (amounts, page["has_more"]) == ([4, 3, 2, 1, 0], False)


@pytest.mark.parametrize("noun", ["orders", "quotes", "contracts"])
async def test_records_of_a_customer_of_another_seller_are_forbidden(api: Api, noun: str) -> None:
    customer = await api.registered(owner_id=SELLER[0])
    body = TERM if noun == "contracts" else MONEY
    thing = (await api.post(f"{customer}/{noun}", body, *SELLER)).headers["location"]
    asked = [
        await api.get(f"{customer}/{noun}", *STRANGER),
        await api.get(thing, *STRANGER),
        await api.get(f"{thing}/events", *STRANGER),
        await api.post(f"{customer}/{noun}", body, *STRANGER),
    ]
    assert [response.status_code for response in asked] == [403] * 4
    assert (await api.get(thing, *SELLER)).status_code == 200


@pytest.mark.parametrize("noun", ["orders", "quotes", "contracts"])
async def test_only_registered_customers_have_records(api: Api, noun: str) -> None:
    nobody = "/v1/customers/01900000-0000-7000-8000-0000000000ff"
    assert await code_of(api, f"{nobody}/{noun}", TERM if noun == "contracts" else MONEY) == (404, "not-found")
    customer_id = (await api.registered()).rpartition("/")[2]
    assert (await api.get(f"/v1/{noun}/{customer_id}")).status_code == 404


async def test_a_currency_that_is_none_is_named(api: Api) -> None:
    response = await api.post(f"{await api.registered()}/orders", MONEY | {"currency": "RMB"})
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/currency")
    assert "CNY" in response.json()["errors"][0]["detail"]


async def test_competitors_and_referrals_stand_in_the_customers_own_history(api: Api) -> None:
    customer, referred = await api.registered(), await api.registered(name="北京新创")
    await api.post(f"{customer}/competitors", {"competitor": "cloud-b", "is_cheaper": True})
    await api.post(f"{customer}/referrals", {"referred_customer_id": referred.rpartition("/")[2]})
    entries = (await api.get(f"{customer}/events")).json()["items"]
    assert [entry["type"] for entry in entries[1:]] == [
        "care.customer.competitor-seen.v1",
        "care.customer.referral-made.v1",
    ]
    assert entries[1]["data"] == {"competitor": "cloud-b", "is_cheaper": True}


async def test_a_customer_cannot_refer_itself_or_an_unknown_customer(api: Api) -> None:
    customer = await api.registered()
    for referred_id in (customer.rpartition("/")[2], "01900000-0000-7000-8000-0000000000ff"):
        response = await api.post(f"{customer}/referrals", {"referred_customer_id": referred_id})
        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/referred_customer_id")
