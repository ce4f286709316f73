"""A company's files go in once, and tell who is silent, what was missed, and where everybody stands."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from demo.client import Client
from tests.support.product import Product
from tests.support.waiting import eventually

FIXTURES = Path(__file__).parents[2] / "demo" / "fixtures"
OURS = ("上海腾云", "北京新创", "广州蓝海")


async def take_in(client: Client, service: str, name: str) -> dict[str, Any]:
    """Import a file and return what became of its rows."""
    import_id = await client.send_file(service, (FIXTURES / name).read_bytes())
    counts: dict[str, Any] = (await client.end_of(service, import_id))["counts"]
    return counts


@pytest.fixture(scope="module")
async def imported(product: Product) -> Client:
    assert await take_in(product.client, "customer", "customers.csv") == {"created": 3}
    assert await take_in(product.client, "followup", "followups.csv") == {"created": 3}
    return product.client


async def ours(client: Client, **query: str) -> dict[str, Any]:
    """Return the fixtures' customers by name, as the customer service lists them."""
    found = {}
    for name in OURS:
        for item in (await client.get("customer", "/v1/customers", name=name, **query))["items"]:
            found[item["name"]] = item
    return found


async def test_every_row_becomes_a_customer_as_the_file_says(imported: Client) -> None:
    async def listed() -> bool:
        return len(await ours(imported)) == 3

    await eventually(listed)
    customers = await ours(imported)
    said = {name: (item["tiers"]["default"], item["stage"], item["need_type"]) for name, item in customers.items()}
    assert said == {
        "上海腾云": ("vip", "interested", "定制服务"),
        "北京新创": ("growth", "interested", "产品升级"),
        "广州蓝海": ("ordinary", "established", "售后咨询"),
    }
    employees = (await imported.get("customer", "/v1/employees"))["items"]
    assert {"王敏", "李强", "赵磊"} <= {employee["name"] for employee in employees}


async def test_a_second_import_changes_nothing(imported: Client) -> None:
    before = [await events_of(imported, item["id"]) for item in (await ours(imported)).values()]
    assert await take_in(imported, "customer", "customers.csv") == {"unchanged": 3}
    assert await take_in(imported, "followup", "followups.csv") == {"unchanged": 3}
    assert [await events_of(imported, item["id"]) for item in (await ours(imported)).values()] == before


async def test_the_workbook_says_the_same_as_the_text_file(imported: Client) -> None:
    workbook = (FIXTURES / "customers.xlsx").read_bytes()
    kind = {"content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    sent = await imported.http.post(f"{imported.urls['customer']}/v1/imports", content=workbook, headers=kind)
    assert (await imported.end_of("customer", sent.json()["id"]))["counts"] == {"unchanged": 3}


async def events_of(client: Client, customer_id: str) -> list[str]:
    return [
        entry["id"]
        for service in ("customer", "followup")
        for entry in (await client.get(service, f"/v1/customers/{customer_id}/events"))["items"]
    ]


async def test_facts_are_marked_with_their_batch_and_row(imported: Client) -> None:
    customer = (await ours(imported))["上海腾云"]
    history = (await imported.get("customer", f"/v1/customers/{customer['id']}/events"))["items"]
    assert {entry["batch_row"] for entry in history} == {2}
    assert len({entry["batch_id"] for entry in history}) == 1


async def test_reporting_knows_the_funnel_and_how_timely_follow_ups_were(imported: Client) -> None:
    async def complete() -> bool:
        query = {"from": "2024-06-01", "to": "2024-06-30"}
        total = (await imported.get("reporting", "/v1/reports/followup-timeliness", **query))["total"]
        return (total["numerator"], total["denominator"]) == (2, 3)

    await eventually(complete)
    for name, stage in (("上海腾云", "interested"), ("北京新创", "interested"), ("广州蓝海", "established")):
        view = await imported.get("reporting", f"/v1/customers/{(await ours(imported))[name]['id']}")
        assert (view["stage"], view["company_name"]) == (stage, name)
    stages = (await imported.get("reporting", "/v1/reports/stage-funnel"))["stages"]
    assert {line["stage"]: line["customers"] > 0 for line in stages}["interested"]


async def test_the_silent_and_the_missed_are_named_once_the_import_has_settled(imported: Client) -> None:
    customers = await ours(imported)

    async def open_alerts() -> set[tuple[str, str]]:
        found = set()
        for name, item in customers.items():
            query = {"customer_id": item["id"], "status": "firing"}
            for alert in (await imported.get("alerts", "/v1/alerts", **query))["items"]:
                found.add((name, alert["rule_id"]))
        return found

    expected = {(name, "inactivity") for name in OURS} | {("上海腾云", "missed-follow-up"), ("广州蓝海", "no-activity")}

    async def all_named() -> bool:
        return await open_alerts() == expected

    await eventually(all_named)
    await asyncio.sleep(2)
    assert await open_alerts() == expected
