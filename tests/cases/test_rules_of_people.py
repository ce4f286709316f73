"""Cases 1, 25 and 26: employees who have left, and what happens to merged customers in handovers."""

import pytest

from tests.integration.customer.conftest import Api
from tests.integration.customer.test_handover_batches import begun, ended
from tests.integration.customer.test_imports import finished, rows_of, send
from tests.integration.customer.test_inbound import Erp, parked
from tests.integration.customer.test_merging import merge, release
from tests.support.waiting import background

LEAVER = "E7"


async def leaves(api: Api, employee_id: str = LEAVER, *, has_left: bool = True) -> None:
    headers = api.issuer.headers("ops", "ops")
    body = {"name": "王芳", "has_left": has_left}
    assert (await api.client.put(f"/v1/employees/{employee_id}", json=body, headers=headers)).status_code == 200


@pytest.mark.parametrize("named", [{"owner_id": LEAVER}, {"owner_id": "E1", "leader_id": LEAVER}])
async def test_01_a_registration_cannot_name_an_employee_who_has_left(api: Api, named: dict[str, str]) -> None:
    await leaves(api)
    refused = await api.post("/v1/customers", {"name": "上海腾云"} | named)
    assert (refused.status_code, refused.json()["code"]) == (409, "employee-left")
    assert LEAVER in refused.json()["detail"]
    known = {"name": "上海腾云", "external": {"system": "erp", "id": "1"}}
    await api.registered(**known)
    assert (await api.post("/v1/customers", known | named)).json()["code"] == "employee-left"


async def test_01_a_registration_that_repeats_the_present_owner_changes_nothing(api: Api) -> None:
    known = {"name": "上海腾云", "external": {"system": "erp", "id": "1"}, "owner_id": LEAVER}
    await api.registered(**known)
    await leaves(api)
    assert (await api.post("/v1/customers", known)).status_code == 200


async def test_01_the_leader_of_an_owner_is_not_one_who_has_left(api: Api) -> None:
    headers = api.issuer.headers("ops", "ops")
    await api.client.put("/v1/employees/E1", json={"name": "李强", "leader_id": LEAVER}, headers=headers)
    await leaves(api)
    assert (await api.get(await api.registered(owner_id="E1"))).json()["leader_id"] is None
    named = await api.client.put("/v1/employees/E2", json={"name": "王敏", "leader_id": LEAVER}, headers=headers)
    assert (named.status_code, named.json()["code"]) == (409, "employee-left")


async def test_01_a_row_of_a_file_cannot_name_an_employee_who_has_left(api: Api) -> None:
    await leaves(api)
    text = f"客户编号,客户名称,客户分层,负责人工号\nKH-1,上海腾云,VIP,{LEAVER}\nKH-2,北京新创,VIP,E1\n"
    batch = await finished(api, await send(api, text.encode()))
    assert batch["counts"] == {"created": 1, "failed": 1}
    [row] = await rows_of(api, batch, "?outcome=failed")
    assert (row["row"], row["problem"]["code"]) == (2, "employee-left")
    assert row["problem"]["detail_zh"]


async def test_01_a_message_cannot_name_an_employee_who_has_left(api: Api, erp: Erp) -> None:
    await leaves(api)
    await erp.tell("company-stated", {"name": "上海腾云", "owner_id": LEAVER})
    async with background(erp.inbound.run):
        [reason] = await parked(api, erp, 1)
    assert reason.startswith("employee-left")


async def test_01_who_left_after_a_handover_started_does_not_get_the_customer(api: Api) -> None:
    address = await api.registered(owner_id="E1")
    await api.post(f"{address}/handover", {"to_owner_id": LEAVER})
    await leaves(api)
    refused = await api.post(f"{address}/handover/acceptance", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "employee-left")
    assert (await api.post(f"{address}/handover/acceptance", {}, "E9", "sales")).status_code == 403
    await leaves(api, has_left=False)
    assert (await api.post(f"{address}/handover/acceptance", {})).status_code == 200


async def duplicates(api: Api, owner_id: str = LEAVER, survivors_owner_id: str = "E1") -> tuple[str, str]:
    """Register a customer and a duplicate of it, not merged yet."""
    survivor = await api.registered(owner_id=survivors_owner_id)
    return survivor, await api.registered(owner_id=owner_id, leader_id="E8")


async def test_25_the_open_handover_of_a_duplicate_ends_with_the_merge(api: Api) -> None:
    survivor, duplicate = await duplicates(api)
    await api.post(f"{survivor}/handover", {"to_owner_id": "E3"})
    await api.post(f"{duplicate}/handover", {"to_owner_id": "E2"})
    assert (await merge(api, survivor, duplicate)).status_code == 200
    accepted = await api.post(f"{duplicate}/handover/acceptance", {}, "E2", "sales")
    assert (accepted.status_code, accepted.json()["code"]) == (410, "moved")
    assert (await api.get(f"{survivor}/handover")).json()["state"] == "open"
    assert (await release(api, survivor, duplicate)).status_code == 200
    assert (await api.get(f"{duplicate}/handover")).json()["state"] == "withdrawn"
    assert (await api.get(duplicate)).json()["owner_id"] == LEAVER
    entries = (await api.get(f"{duplicate}/events")).json()["items"]
    [ending] = [each for each in entries if each["type"] == "care.customer.handover-withdrawn.v1"]
    assert ending["data"]["reason"] == "merged"


async def test_25_a_merge_without_an_open_handover_adds_no_event_of_one(api: Api) -> None:
    survivor, duplicate = await duplicates(api)
    await api.post(f"{duplicate}/handover", {"to_owner_id": "E2"})
    await api.post(f"{duplicate}/handover/withdrawal", {})
    assert (await merge(api, survivor, duplicate)).status_code == 200
    count = await api.pool.fetchval("SELECT count(*) FROM event WHERE type LIKE 'care.customer.handover-%'")
    assert count == 2


@pytest.mark.parametrize("waits", [True, False])
async def test_26_a_merged_duplicate_of_a_leaver_passes_on_with_the_batch(api: Api, *, waits: bool) -> None:
    survivor, duplicate = await duplicates(api, owner_id="E1007")
    other_survivor, helped = await duplicates(api, owner_id="E6")
    await api.post(f"{helped}/helpers", {"employee_id": "E1007"})
    led_survivor, led = await api.registered(owner_id="E1"), await api.registered(owner_id="E5", leader_id="E1007")
    for one, other in ((survivor, duplicate), (other_survivor, helped), (led_survivor, led)):
        assert (await merge(api, one, other)).status_code == 200
    address = await begun(api, leaves=True, waits_for_acceptance=waits, to_leader_id="E4")
    counts = (await ended(api, address))["customers"]
    assert (counts["passed_on"], counts["help_ended"], counts["leader_changed"]) == (1, 1, 1)
    assert counts["refused"] == 0
    for one, other in ((survivor, duplicate), (other_survivor, helped), (led_survivor, led)):
        assert (await release(api, one, other)).status_code == 200
    assert (await api.get(duplicate)).json()["owner_id"] == "E2"
    assert (await api.get(helped)).json()["helper_ids"] == []
    assert (await api.get(led)).json()["leader_id"] == "E4"


async def test_26_a_duplicate_goes_to_the_new_owner_of_its_survivor(api: Api) -> None:
    pairs = [await duplicates(api, "E1007", "E1007") for _ in range(3)]
    for survivor, duplicate in pairs:
        await merge(api, survivor, duplicate)
    address = await begun(api, leaves=True, waits_for_acceptance=False, to_owner_ids=["E2", "E3"])
    assert (await ended(api, address))["customers"]["passed_on"] == 6
    for survivor, duplicate in pairs:
        await release(api, survivor, duplicate)
        owners = [(await api.get(each)).json()["owner_id"] for each in (survivor, duplicate)]
        assert owners in (["E2", "E2"], ["E3", "E3"])
