"""Helpers through the API: what they may do, and who may add them."""

from tests.integration.customer.conftest import Api
from tests.support.waiting import eventually

HELPER = ("E5", "service")


async def test_a_helper_sees_and_changes_the_customer_until_the_help_ends(api: Api) -> None:
    address = await api.registered(owner_id="E1007")
    assert (await api.get(address, *HELPER)).status_code == 403
    assert (await api.post(f"{address}/helpers", {"employee_id": "E5"}, "E1007", "sales")).status_code == 200
    assert (await api.get(address, *HELPER)).json()["helper_ids"] == ["E5"]
    assert (await api.post(f"{address}/profile", {"profile": {"region": "上海"}}, *HELPER)).status_code == 200

    async def listed(count: int = 1) -> bool:
        return len((await api.get("/v1/customers", *HELPER)).json()["items"]) == count

    await eventually(listed)
    ended = await api.client.delete(f"{address}/helpers/E5", headers=api.issuer.headers("E1007", "sales"))
    assert ended.status_code == 200
    assert (await api.get(address, *HELPER)).status_code == 403
    await eventually(lambda: listed(0))


async def test_a_helper_does_not_name_helpers(api: Api) -> None:
    address = await api.registered(owner_id="E1007")
    await api.post(f"{address}/helpers", {"employee_id": "E5"})
    refused = await api.post(f"{address}/helpers", {"employee_id": "E6"}, *HELPER)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
