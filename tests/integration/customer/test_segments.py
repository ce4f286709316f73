"""Segments through the API: named filters, and the customers that match them."""

from typing import Any

import httpx
import pytest

from services.customer.api import segments
from tests.integration.customer.conftest import Api
from tests.support.waiting import eventually

VIP = {"en": "VIP in the east", "zh": "华东重点客户", "filter": {"tier": "vip", "region": "华东"}}


async def send(api: Api, method: str, path: str, body: Any = None, role: str = "ops") -> httpx.Response:
    headers = api.issuer.headers("ops", role)
    return await api.client.request(method, path, json=body, headers=headers)


async def test_a_segment_holds_the_customers_that_match_now(api: Api) -> None:
    east = {"profile": {"region": "华东"}, "tier": {"tier": "vip"}}
    address = await api.registered(name="上海腾云", owner_id="E1", **east)
    await api.registered(name="上海博远", owner_id="E2", **east)
    await api.registered(name="北京腾达", tier={"tier": "vip"})
    assert (await send(api, "PUT", "/v1/segments/east-vip", VIP)).status_code == 201

    async def holds(*names: str, subject: str = "ops", role: str = "ops") -> bool:
        page = (await api.get("/v1/segments/east-vip/customers", subject, role)).json()
        count = (await api.get("/v1/segments/east-vip/count", subject, role)).json()
        assert count["has_more"] is False
        return sorted(item["name"] for item in page["items"]) == sorted(names) and count["count"] == len(names)

    await eventually(lambda: holds("上海腾云", "上海博远"))
    await eventually(lambda: holds("上海腾云", subject="E1", role="sales"))
    await api.post(f"{address}/tier", {"tier": "growth"})
    await eventually(lambda: holds("上海博远"))


async def test_a_segment_is_read_listed_and_removed(api: Api) -> None:
    await send(api, "PUT", "/v1/segments/east-vip", VIP)
    found = (await api.get("/v1/segments/east-vip", "E1", "sales")).json()
    assert (found["number"], found["zh"], found["filter"]["region"]) == (1, "华东重点客户", "华东")

    async def listed(*names: str) -> bool:
        return [each["name"] for each in (await api.get("/v1/segments")).json()["items"]] == list(names)

    await eventually(lambda: listed("east-vip"))
    assert (await send(api, "DELETE", "/v1/segments/east-vip", role="leader")).status_code == 403
    assert (await send(api, "DELETE", "/v1/segments/east-vip")).status_code == 200
    await eventually(listed)
    for path in ("", "/customers", "/count"):
        assert (await api.get(f"/v1/segments/east-vip{path}")).status_code == 404


async def test_a_segment_filter_holds_no_personal_data(api: Api) -> None:
    refused = await send(api, "PUT", "/v1/segments/east-vip", {**VIP, "filter": {"q": "吴敏"}})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/filter/q")


async def test_there_are_as_many_segments_as_a_list_shows(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MAX_SEGMENTS", 1)
    await send(api, "PUT", "/v1/segments/first", VIP)

    async def listed() -> bool:
        return bool((await api.get("/v1/segments")).json()["items"])

    await eventually(listed)
    assert (await send(api, "PUT", "/v1/segments/first", VIP)).status_code == 200
    refused = await send(api, "PUT", "/v1/segments/second", VIP)
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-segments")
