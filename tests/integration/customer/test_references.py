"""Numbers in other systems: several for a customer, one customer for each, also under concurrency."""

import asyncio

from tests.integration.customer.conftest import Api
from tests.support.waiting import eventually

ERP = {"system": "erp", "id": "100217"}
FOUND = "/v1/customers?external_system=erp&external_id="


async def test_each_number_leads_to_the_customer(api: Api) -> None:
    address = await api.registered(external={"system": "crm", "id": "KH-1"}, owner_id="E1007")
    other = await api.registered()
    assert (await api.post(f"{address}/references", {"reference": ERP})).status_code == 200
    assert (await api.get(address)).json()["references"] == [{"system": "crm", "id": "KH-1"}, ERP]

    async def found() -> bool:
        return len((await api.get(f"{FOUND}100217")).json()["items"]) == 1

    await eventually(found)
    for path in (f"{FOUND}100217", "/v1/customers?external_system=crm&external_id=kh-1"):
        assert [f"/v1/customers/{row['id']}" for row in (await api.get(path)).json()["items"]] == [address]
    assert (await api.get(f"{FOUND}100218")).json()["items"] == []
    assert (await api.get(f"{FOUND}100217", "E3333", "sales")).json()["items"] == []
    assert (await api.get(other)).json()["references"] == []


async def test_an_incomplete_external_number_is_rejected_with_the_missing_part(api: Api) -> None:
    response = await api.get("/v1/customers?external_system=erp")
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "query:external_id")


async def test_a_number_that_leads_elsewhere_is_refused(api: Api) -> None:
    first, second = await api.registered(external=ERP), await api.registered()
    refused = await api.post(f"{second}/references", {"reference": ERP})
    assert (refused.status_code, refused.json()["code"]) == (409, "reference-taken")
    assert (await api.get(second)).json()["references"] == []
    assert (await api.post(f"{first}/references", {"reference": ERP})).json()["version"] == 1


async def test_a_registration_under_an_added_number_meets_its_customer(api: Api) -> None:
    address = await api.registered()
    await api.post(f"{address}/references", {"reference": ERP})
    again = await api.post("/v1/customers", {"name": "上海腾云", "external": ERP, "profile": {"region": "上海"}})
    assert (again.status_code, again.headers["location"]) == (200, address)
    assert (await api.get(address)).json()["region"] == "上海"


async def test_of_many_concurrent_claims_of_a_number_one_succeeds(api: Api) -> None:
    addresses = [await api.registered() for _ in range(8)]
    registering = [api.post("/v1/customers", {"name": "上海腾云", "external": ERP}) for _ in range(2)]
    adding = [api.post(f"{address}/references", {"reference": ERP}) for address in addresses]
    responses = await asyncio.gather(*adding, *registering)
    assert {response.status_code for response in responses} <= {200, 201, 409}
    holders = {
        row["location"]
        for row in await api.pool.fetch(
            "SELECT coalesce(subject)::text AS location FROM event"
            " WHERE type IN ('care.customer.reference-reserved.v1', 'care.customer.registered.v1')"
            " AND convert_from(state, 'UTF8') LIKE '%100217%'"
        )
    }
    assert len(holders) == 1
    [holder] = holders
    assert (await api.get(f"/v1/customers/{holder}")).json()["references"] == [ERP]
    stated = await api.pool.fetchval("SELECT count(*) FROM event WHERE type = 'care.customer.reference-added.v1'")
    assert stated in {0, 1}
