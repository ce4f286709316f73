"""Refusals of the rules of customers that are about one field name it, with the code of the rule."""

from typing import Any

import httpx
import pytest

from tests.integration.customer.conftest import Api
from tests.integration.customer.test_commerce import ORDER, TERM, made

LATER = "2100-01-01T09:00:00+08:00"
LAST_CONTACT = {"profile": {"last_contacted_at": LATER}}
LEFT = "E9"
OWNER = "E1007"
LOST = {"stage": "lost"}


def named(response: httpx.Response) -> tuple[int, str, list[str]]:
    """Return the status, the code, and the places that the problem names, each by the rule."""
    document = response.json()
    assert {error["rule"] for error in document["errors"]} == {document["code"]}
    assert {error["detail"] for error in document["errors"]} == {document["detail"]}
    return response.status_code, document["code"], [error["pointer"] for error in document["errors"]]


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("/competitors", {"competitor": "cloud-b", "occurred_at": LATER}, "occurred-in-future", "/occurred_at"),
    ("/profile", LAST_CONTACT, "occurred-in-future", "/profile/last_contacted_at"),
    ("/profile", LAST_CONTACT | {"occurred_at": LATER}, "occurred-in-future", "/occurred_at"),
    ("/stage", {"stage": "established"}, "illegal-transition", "/stage"),
    ("/stage", LOST, "reason-needed", "/reason"),
    ("/stage", LOST | {"reason": "no-such-reason"}, "reason-needed", "/reason"),
    ("/name", {"person_name": "王小明"}, "named-otherwise", "/person_name"),
    ("/needs", {"need": "备份", "status": "met"}, "need-unknown", "/need"),
    ("/tags", {"tag": "no-such-tag"}, "unknown-tag", "/tag"),
    ("/tier", {"scheme": "value", "tier": "no-such-tier"}, "unknown-tier", "/tier"),
    ("/helpers", {"employee_id": OWNER}, "helper-is-owner", "/employee_id"),
    ("/helpers", {"employee_id": LEFT}, "employee-left", "/employee_id"),
    ("/owner", {"owner_id": LEFT}, "employee-left", "/owner_id"),
    ("/owner", {"owner_id": "E1", "leader_id": LEFT}, "employee-left", "/leader_id"),
    ("/handover", {"to_owner_id": OWNER}, "handover-to-owner", "/to_owner_id"),
    ("/handover", {"to_owner_id": LEFT}, "employee-left", "/to_owner_id"),
    ("/handover", {"to_owner_id": "E1", "to_leader_id": LEFT}, "employee-left", "/to_leader_id"),
    ("/references", {"reference": {"system": "erp", "id": "K-1"}}, "reference-taken", "/reference"),
    ("/orders", ORDER, "order-of-another-customer", "/external"),
]


@pytest.mark.parametrize(("path", "body", "code", "place"), REFUSED, ids=[f"{each[0]} {each[2]}" for each in REFUSED])
async def test_a_refusal_about_one_field_names_it(
    api: Api, path: str, body: dict[str, Any], code: str, place: str
) -> None:
    left = {"name": "李强", "has_left": True}
    headers = api.issuer.headers("ops", "ops")
    assert (await api.client.put(f"/v1/employees/{LEFT}", json=left, headers=headers)).is_success
    other = await api.registered(external={"system": "erp", "id": "K-1"})
    await made(api, f"{other}/orders", ORDER)
    address = await api.registered(owner_id=OWNER)
    assert named(await api.post(f"{address}{path}", body)) == (409, code, [place])


@pytest.mark.parametrize(("path", "field"), [("duplicates", "duplicate_id"), ("distinctions", "other_id")])
async def test_a_customer_that_is_named_twice_is_named(api: Api, path: str, field: str) -> None:
    address = await api.registered()
    refused = await api.post(f"{address}/{path}", {field: address.rpartition("/")[2]})
    assert named(refused) == (409, "merge-with-itself", [f"/{field}"])


async def test_a_registration_names_the_field_that_is_refused(api: Api) -> None:
    left = {"name": "李强", "has_left": True}
    headers = api.issuer.headers("ops", "ops")
    assert (await api.client.put(f"/v1/employees/{LEFT}", json=left, headers=headers)).is_success
    known = {"external": {"system": "erp", "id": "K-2"}}
    await api.registered(name="上海腾云", **known)
    for body, code, place in (
        ({"name": "北京新创", **LAST_CONTACT}, "occurred-in-future", "/profile/last_contacted_at"),
        ({"name": "北京新创", "owner_id": LEFT}, "employee-left", "/owner_id"),
        ({"name": "北京新创", "owner_id": "E1", "leader_id": LEFT}, "employee-left", "/leader_id"),
        ({"name": "北京新创", **known}, "name-differs", "/name"),
    ):
        assert named(await api.post("/v1/customers", body)) == (409, code, [place])


async def test_a_batch_names_the_list_with_an_employee_who_has_left(api: Api) -> None:
    headers = api.issuer.headers("ops", "ops")
    left = {"name": "李强", "has_left": True}
    assert (await api.client.put(f"/v1/employees/{LEFT}", json=left, headers=headers)).is_success
    body = {"from_owner_id": OWNER, "to_owner_ids": ["E1", LEFT]}
    assert named(await api.post("/v1/handover-batches", body)) == (409, "employee-left", ["/to_owner_ids"])


async def test_a_step_of_an_order_or_a_contract_names_the_field_that_is_refused(api: Api) -> None:
    customer = await api.registered()
    order = await made(api, f"{customer}/orders", ORDER)
    early = await api.post(f"{order}/delivery", {"occurred_at": "2024-01-01T09:00:00+08:00"})
    assert named(early) == (409, "occurred-too-early", ["/occurred_at"])
    contract = await made(api, f"{customer}/contracts", TERM)
    assert named(await api.post(f"{contract}/renewal", TERM)) == (409, "renewal-too-early", ["/starts_on"])


async def test_a_refusal_that_is_not_about_one_field_names_none(api: Api) -> None:
    customer = await api.registered()
    await made(api, f"{customer}/orders", ORDER)
    refused = await api.post(f"{customer}/orders", ORDER | {"amount_minor": 1})
    assert refused.json()["code"] == "order-differs"
    assert "errors" not in refused.json()


async def test_a_named_field_is_explained_in_chinese_too(api: Api) -> None:
    address = await api.registered()
    refused = await api.post(f"{address}/stage", LOST, accept_language="zh")
    [error] = refused.json()["errors"]
    assert error["detail"] == refused.json()["detail"]
    assert "需要填写原因" in error["detail"]
