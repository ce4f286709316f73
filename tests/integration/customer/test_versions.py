"""Published versions of the customer service through the API: listed, read by number and instant, compared."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from chassis.http import access
from tests.integration.customer.conftest import Api

TIERS = {"tiers": [{"tier": "all", "en": "All", "zh": "全部"}]}
TAG = {"code": "high-potential", "en": "high potential", "zh": "高潜力客户"}
SEGMENT = {"en": "VIP", "zh": "重点", "filter": {"tier": "vip"}}
# Where a kind is published, two bodies of it, and what differs between them.
KINDS: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "tier scheme": (
        "/v1/tier-schemes/own",
        TIERS,
        TIERS | {"window_days": 30},
        {"path": "/window_days", "before": 365, "after": 30},
    ),
    "tag vocabulary": (
        "/v1/tag-vocabulary",
        {"tags": []},
        {"tags": [TAG]},
        {"path": "/tags/0", "before": None, "after": TAG},
    ),
    "segment": (
        "/v1/segments/vips",
        SEGMENT,
        SEGMENT | {"zh": "要客"},
        {"path": "/zh", "before": "重点", "after": "要客"},
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


async def put(api: Api, address: str, body: dict[str, Any], subject: str = "ops") -> httpx.Response:
    return await api.client.put(address, json=body, headers=api.issuer.headers(subject, "ops"))


@every_kind
async def test_versions_are_listed_read_and_compared(api: Api, kind: str) -> None:
    address, one, other, change = KINDS[kind]
    assert (await put(api, address, one, "E2001")).status_code == 201
    between = datetime.now(UTC)
    assert [(await put(api, address, other, "E2002")).status_code for _ in range(2)] == [200, 200]

    listed = (await api.get(f"{address}/versions", "E1", "finance")).json()["items"]
    assert [(each["number"], each["published_by"]) for each in listed] == [(2, "E2002"), (1, "E2001")]
    compared = (await api.get(f"{address}/difference", "E1", "finance")).json()
    assert compared == {"from_number": 1, "to_number": 2, "changes": [change]}
    then = str(httpx.QueryParams({"at": between.isoformat()}))
    assert [(await api.get(f"{address}?{asked}")).json()["number"] for asked in ("", "number=1", then)] == [2, 1, 1]


@pytest.mark.parametrize("kind", ["tier scheme", "tag vocabulary"])
async def test_a_version_comes_into_force_on_time(api: Api, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address, one, other, _ = KINDS[kind]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await put(api, address, one)
    assert (await put(api, address, other | {"effective_from": tomorrow.isoformat()})).status_code == 200
    assert (await api.get(address)).json()["number"] == 1
    monkeypatch.setattr(access, "datetime", SimpleNamespace(now=lambda _zone: tomorrow))
    assert (await api.get(address)).json()["number"] == 2


async def test_a_tag_is_offered_once_its_vocabulary_is_in_force(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    customer, tomorrow = await api.registered(), datetime.now(UTC) + timedelta(days=1)
    await put(api, "/v1/tag-vocabulary", {"tags": [TAG], "effective_from": tomorrow.isoformat()})
    assert (await api.post(f"{customer}/tags", {"tag": TAG["code"]})).status_code == 409
    monkeypatch.setattr(access, "datetime", SimpleNamespace(now=lambda _zone: tomorrow))
    assert (await api.post(f"{customer}/tags", {"tag": TAG["code"]})).status_code == 200


async def test_a_segment_is_in_force_at_once_or_rejected(api: Api) -> None:
    refused = await put(api, "/v1/segments/vips", SEGMENT | {"effective_from": "2190-01-01T00:00:00Z"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/effective_from")


async def test_a_removed_segment_keeps_its_history(api: Api) -> None:
    await put(api, "/v1/segments/vips", SEGMENT)
    before = str(httpx.QueryParams({"at": datetime.now(UTC).isoformat()}))
    await api.client.delete("/v1/segments/vips", headers=api.issuer.headers("ops", "ops"))
    assert (await api.get("/v1/segments/vips")).status_code == 404
    assert (await api.get(f"/v1/segments/vips?{before}")).json()["number"] == 1
    assert [each["number"] for each in (await api.get("/v1/segments/vips/versions")).json()["items"]] == [1]
    assert (await put(api, "/v1/segments/vips", SEGMENT)).status_code == 200
    assert (await api.get("/v1/segments/vips")).json()["number"] == 2
