"""Merging through the API: the survivor answers, the duplicate refers to it, and a merge can be undone."""

import asyncio
from typing import Any

from tests.integration.customer.conftest import Api
from tests.support.waiting import eventually

CHANGES = (
    ("post", "/stage", {"stage": "interested"}),
    ("post", "/profile", {"profile": {"region": "上海"}}),
    ("post", "/orders", {"amount_minor": 100, "currency": "CNY"}),
    ("post", "/helpers", {"employee_id": "E5"}),
    ("post", "/handover", {"to_owner_id": "E5"}),
    ("get", "", None),
    ("get", "/events", None),
    ("get", "/orders", None),
    ("get", "/needs", None),
    ("get", "/stages", None),
    ("get", "/tier", None),
)
FACTS = "SELECT count(*) FROM event WHERE type LIKE 'care.customer.%merged.v1' OR type LIKE 'care.customer.duplicate%'"


def id_of(address: str) -> str:
    return address.rpartition("/")[2]


async def asked(api: Api, method: str, path: str, body: Any, *caller: str, **headers: str) -> Any:
    if method == "get":
        return await api.get(path, *caller, **headers)
    return await api.post(path, body, *caller, **headers)


async def two(api: Api, **of_survivor: Any) -> tuple[str, str]:
    """Register a duplicate of E7 with a number and an order, and a survivor of E1007."""
    duplicate = await api.registered(owner_id="E7", external={"system": "erp", "id": "7"})
    await api.post(f"{duplicate}/orders", {"amount_minor": 700, "currency": "CNY"})
    survivor = await api.registered(owner_id="E1007", leader_id="E1001", **of_survivor)
    return survivor, duplicate


async def merge(api: Api, survivor: str, duplicate: str, *caller: str, **headers: str) -> Any:
    return await api.post(f"{survivor}/duplicates", {"duplicate_id": id_of(duplicate)}, *caller, **headers)


async def release(api: Api, survivor: str, duplicate: str) -> Any:
    headers = api.issuer.headers("ops", "ops")
    return await api.client.delete(f"{survivor}/duplicates/{id_of(duplicate)}", headers=headers)


async def test_every_request_on_a_duplicate_refers_to_the_survivor(api: Api) -> None:
    survivor, duplicate = await two(api)
    assert (await merge(api, survivor, duplicate)).status_code == 200
    for method, path, body in CHANGES:
        moved = await asked(api, method, f"{duplicate}{path}", body, "E1007", "sales" if method == "get" else "leader")
        assert (moved.status_code, moved.json()["code"]) == (410, "moved"), (path, moved.text)
        assert moved.json()["canonical_id"] == id_of(survivor)
        assert moved.headers["link"] == f'<{survivor}{path}>; rel="canonical"'
    in_chinese = await api.get(duplicate, accept_language="zh-CN")
    assert "已并入" in in_chinese.json()["detail"]


async def test_the_survivor_shows_what_both_have(api: Api) -> None:
    survivor, duplicate = await two(api)
    await merge(api, survivor, duplicate)
    assert (await api.get(survivor)).json()["duplicate_ids"] == [id_of(duplicate)]

    async def one_is_listed() -> bool:
        listed = (await api.get("/v1/customers")).json()["items"]
        orders = (await api.get(f"{survivor}/orders", "E1007", "sales")).json()["items"]
        return [row["id"] for row in listed] == [id_of(survivor)] and [row["amount_minor"] for row in orders] == [700]

    await eventually(one_is_listed)
    (order,) = (await api.get(f"{survivor}/orders")).json()["items"]
    delivered = await api.post(f"/v1/orders/{order['id']}/delivery", {}, "E1007", "sales")
    assert delivered.status_code == 200
    assert (await api.get(f"/v1/orders/{order['id']}", "E7", "sales")).status_code == 403


async def test_a_number_of_the_duplicate_leads_to_the_survivor(api: Api) -> None:
    survivor, duplicate = await two(api)
    await merge(api, survivor, duplicate)
    told = await api.post(
        "/v1/customers", {"name": "上海腾云", "external": {"system": "erp", "id": "7"}, "source": "erp"}
    )
    assert (told.status_code, told.headers["location"]) == (200, survivor)

    async def found() -> bool:
        items = (await api.get("/v1/customers?external_system=erp&external_id=7")).json()["items"]
        return [row["id"] for row in items] == [id_of(survivor)]

    await eventually(found)


async def test_a_merge_is_recorded_once_and_undone_without_a_trace(api: Api) -> None:
    survivor, duplicate = await two(api)
    await api.listed(2)
    before = [(await api.get(each)).json() for each in (survivor, duplicate)]
    for _ in range(2):
        assert (await merge(api, survivor, duplicate)).status_code == 200
    assert await api.pool.fetchval(FACTS) == 2
    for _ in range(2):
        assert (await release(api, survivor, duplicate)).status_code == 200
    assert await api.pool.fetchval(FACTS) == 4
    after = [(await api.get(each)).json() for each in (survivor, duplicate)]
    assert [each | {"version": 0} for each in after] == [each | {"version": 0} for each in before]
    assert (await api.post(f"{duplicate}/stage", {"stage": "interested"}, "E7", "sales")).status_code == 200

    async def both_are_listed() -> bool:
        return len((await api.get("/v1/customers")).json()["items"]) == 2

    await eventually(both_are_listed)


async def test_of_two_merges_that_cross_one_is_stored(api: Api) -> None:
    one, other = await api.registered(), await api.registered()
    answers = await asyncio.gather(merge(api, one, other), merge(api, other, one))
    assert min(answer.status_code for answer in answers) == 200
    assert {answer.status_code for answer in answers} <= {200, 409, 410}
    assert await api.pool.fetchval(FACTS) == 2
    assert sorted([(await api.get(each)).status_code for each in (one, other)]) == [200, 410]


async def test_a_merge_requires_access_to_both_customers(api: Api) -> None:
    survivor, duplicate = await two(api)
    assert (await merge(api, survivor, duplicate, "E1001", "leader")).status_code == 403
    assert (await merge(api, survivor, duplicate, "E1007", "sales")).status_code == 403
    assert (await merge(api, survivor, survivor)).json()["code"] == "merge-with-itself"
    nobody = await api.post(f"{survivor}/duplicates", {"duplicate_id": "01900000-0000-7000-8000-0000000000ff"})
    assert nobody.status_code == 404
    led = await api.registered(owner_id="E8", leader_id="E1001")
    assert (await merge(api, survivor, led, "E1001", "leader")).status_code == 200


async def test_a_customer_that_has_duplicates_is_not_merged_further(api: Api) -> None:
    survivor, duplicate = await two(api)
    third = await api.registered()
    await merge(api, survivor, duplicate)
    refused = await merge(api, third, survivor)
    assert (refused.status_code, refused.json()["code"]) == (409, "has-duplicates")
    assert (await merge(api, duplicate, third)).status_code == 410
    assert (await merge(api, third, duplicate)).status_code == 410


async def test_personal_data_is_erased_under_all_ids(api: Api) -> None:
    person = {"kind": "person", "name": None, "person_name": "吴敏"}
    survivor, duplicate = await api.registered(**person), await api.registered(**person)
    await merge(api, survivor, duplicate)
    assert await api.pool.fetchval("SELECT count(*) FROM vault") == 2
    assert (await api.post(f"{survivor}/erasure", {"reason": "asked-for"})).status_code == 200

    async def nothing_is_left() -> bool:
        return bool(await api.pool.fetchval("SELECT count(*) FROM vault") == 0)

    await eventually(nothing_is_left)
