"""Tags through the API: the vocabulary, and filtering lists by tag."""

from typing import Any

from tests.integration.customer.conftest import Api
from tests.support.waiting import eventually

HIGH = {"code": "high-potential", "en": "high potential", "zh": "高潜力客户"}


async def publish(api: Api, tags: list[dict[str, str]], role: str = "ops") -> Any:
    headers = api.issuer.headers("ops", role)
    return await api.client.put("/v1/tag-vocabulary", json={"tags": tags}, headers=headers)


async def test_customers_are_tagged_and_found_by_it(api: Api) -> None:
    assert (await api.get("/v1/tag-vocabulary")).status_code == 404
    assert (await publish(api, [HIGH])).status_code == 201
    assert (await api.get("/v1/tag-vocabulary")).json() == {"number": 1, "tags": [HIGH]}
    address, other = await api.registered(), await api.registered()
    assert (await api.post(f"{address}/tags", {"tag": "high-potential"})).status_code == 200
    assert (await api.get(address)).json()["tags"] == ["high-potential"]

    async def found() -> bool:
        return bool((await api.get("/v1/customers?tag=high-potential")).json()["items"])

    await eventually(found)
    items = (await api.get("/v1/customers?tag=high-potential")).json()["items"]
    assert [f"/v1/customers/{row['id']}" for row in items] == [address]
    await api.client.delete(f"{address}/tags/high-potential", headers=api.issuer.headers("ops", "ops"))
    assert (await api.get(address)).json()["tags"] == (await api.get(other)).json()["tags"] == []


async def test_an_unknown_tag_is_refused_in_the_callers_language(api: Api) -> None:
    await publish(api, [HIGH])
    address = await api.registered()
    refused = await api.post(f"{address}/tags", {"tag": "vip"}, accept_language="zh-CN")
    assert (refused.status_code, refused.json()["code"]) == (409, "unknown-tag")
    assert "高潜力客户" in refused.json()["detail"]


async def test_only_ops_and_admin_publish_the_vocabulary(api: Api) -> None:
    assert (await publish(api, [HIGH], "leader")).status_code == 403
    assert (await publish(api, [HIGH, HIGH])).status_code == 422
    again = [await publish(api, [HIGH]), await publish(api, [HIGH])]
    assert [response.json()["version"] for response in again] == [1, 1]
    assert await api.pool.fetchval("SELECT count(*) FROM customer") == 0
