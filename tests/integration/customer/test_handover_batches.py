"""Handover batches through the API: every customer once, despite interruptions."""

import asyncio
from typing import Any

from services.customer.handovers import outcomes, runner
from services.customer.workers import handover_batches
from tests.integration.customer.conftest import Api
from tests.support.waiting import eventually

LEADER = ("E1001", "leader")
STARTED = """
    SELECT count(*) AS handovers, count(DISTINCT subject) AS customers FROM event
    WHERE type = 'care.customer.handover-started.v1'
"""


async def owned(api: Api, count: int, owner_id: str = "E1007", **fields: Any) -> list[str]:
    return [await api.registered(owner_id=owner_id, leader_id="E1001", **fields) for _ in range(count)]


async def begun(api: Api, caller: tuple[str, str] = ("ops", "ops"), **asked: Any) -> str:
    body = {"from_owner_id": "E1007", "to_owner_ids": ["E2"]} | asked
    response = await api.post("/v1/handover-batches", body, *caller)
    assert response.status_code == 201, response.text
    return response.headers["location"]


async def ended(api: Api, address: str, caller: tuple[str, str] = ("ops", "ops")) -> dict[str, Any]:
    async def has_ended() -> bool:
        return (await api.get(address, *caller)).json()["ended_at"] is not None

    await eventually(has_ended)
    read: dict[str, Any] = (await api.get(address, *caller)).json()
    return read


async def owners(api: Api, addresses: list[str]) -> list[str]:
    return [(await api.get(address)).json()["owner_id"] for address in addresses]


async def test_everything_of_a_leaver_passes_on_at_once_and_in_turn(api: Api) -> None:
    addresses, others = await owned(api, 5), await owned(api, 1, "E4")
    (helped,) = await owned(api, 1, "E6")
    await api.post(f"{helped}/helpers", {"employee_id": "E1007"})
    await api.post(f"{addresses[0]}/helpers", {"employee_id": "E5"})
    address = await begun(api, to_owner_ids=["E2", "E3"], reason="resigned", leaves=True, waits_for_acceptance=False)
    read = await ended(api, address)
    expected = {"waiting": 0, "begun": 0, "passed_on": 5, "help_ended": 1, "refused": 0}
    assert {name: read["customers"][name] for name in expected} == expected
    assert sorted(await owners(api, addresses)) == ["E2", "E2", "E2", "E3", "E3"]
    assert await owners(api, [*others, helped]) == ["E4", "E6"]
    for each in [*addresses, helped]:
        assert (await api.get(each, "E1007", "sales")).status_code == 403
    assert (await api.get(addresses[0])).json()["helper_ids"] == ["E5"]
    # Who has left is given nothing.
    back = [
        await api.post(f"{others[0]}/owner", {"owner_id": "E1007"}),
        await api.post(f"{others[0]}/helpers", {"employee_id": "E1007"}),
        await api.post(f"{others[0]}/handover", {"to_owner_id": "E1007"}),
        await api.post("/v1/handover-batches", {"from_owner_id": "E4", "to_owner_ids": ["E1007"]}),
    ]
    assert [(each.status_code, each.json()["code"]) for each in back] == [(409, "employee-left")] * 4
    headers = api.issuer.headers("ops", "ops")
    returned = await api.client.put("/v1/employees/E1007", json={"name": "王芳", "has_left": False}, headers=headers)
    assert returned.json()["left_at"] is None
    assert (await api.post(f"{others[0]}/owner", {"owner_id": "E1007"})).status_code == 200


async def test_until_each_is_accepted_the_old_owner_has_it(api: Api) -> None:
    addresses = await owned(api, 2)
    address = await begun(api)
    assert (await ended(api, address))["customers"]["begun"] == 2
    assert await owners(api, addresses) == ["E1007", "E1007"]
    await api.post(f"{addresses[0]}/handover/acceptance", {"note": "已阅"}, "E2", "sales")
    assert await owners(api, addresses) == ["E2", "E1007"]

    async def one_is_accepted() -> bool:
        return bool((await api.get(address)).json()["customers"]["accepted"] == 1)

    await eventually(one_is_accepted)
    open_ones = (await api.get(f"/v1/handovers?batch_id={address.rpartition('/')[2]}&state=open")).json()["items"]
    assert [f"/v1/customers/{each['customer_id']}" for each in open_ones] == [addresses[1]]


async def test_a_batch_takes_what_fits_its_filter_and_says_what_it_could_not_hand_over(api: Api) -> None:
    fitting, busy = await owned(api, 2, stage="interested", tier={"tier": "vip"})
    (other,) = await owned(api, 1)
    await api.post(f"{busy}/handover", {"to_owner_id": "E7"})
    address = await begun(api, stage="interested", tier="vip", waits_for_acceptance=False)
    read = await ended(api, address)
    assert (read["customers"]["passed_on"], read["customers"]["refused"]) == (1, 1)
    (refused,) = (await api.get(f"{address}/customers?outcome=refused")).json()["items"]
    assert (f"/v1/customers/{refused['customer_id']}", refused["problem"]["code"]) == (busy, "handover-open")
    assert await owners(api, [fitting, busy, other]) == ["E2", "E1007", "E1007"]


async def test_customers_without_an_owner_are_handed_over(api: Api) -> None:
    nobodys, (owned_by_one,) = await api.registered(), await owned(api, 1)
    await ended(api, await begun(api, from_owner_id=None, waits_for_acceptance=False))
    assert await owners(api, [nobodys, owned_by_one]) == ["E2", "E1007"]


async def test_a_leader_passes_on_what_they_lead_and_reads_their_own_batches(api: Api) -> None:
    (led,) = await owned(api, 1)
    elsewhere = await api.registered(owner_id="E1007", leader_id="E9")
    address = await begun(api, LEADER, waits_for_acceptance=False)
    assert (await ended(api, address, LEADER))["customers"]["passed_on"] == 1
    assert await owners(api, [led, elsewhere]) == ["E2", "E1007"]
    assert (await api.get(address, "E9", "leader")).status_code == 403
    assert (await api.get(f"{address}/customers", "E9", "leader")).status_code == 403
    assert (await api.get(f"/v1/handover-batches/{led.rpartition('/')[2]}")).status_code == 404


async def test_a_retry_under_the_same_key_starts_one_batch(api: Api) -> None:
    body = {"from_owner_id": "E1007", "to_owner_ids": ["E2"]}
    first, second = [await api.post("/v1/handover-batches", body, idempotency_key="k") for _ in range(2)]
    assert (first.status_code, first.headers["location"]) == (201, second.headers["location"])
    assert second.headers["idempotency-replayed"] == "true"


async def test_an_interrupted_batch_shows_what_is_missing_and_continues(api: Api, monkeypatch: Any) -> None:
    """Two workers at once, one of them killed after its appends: still each customer is handed over once."""
    monkeypatch.setattr(runner, "CHUNK", 3)
    addresses = await owned(api, 8)
    needs = api.service.app.state.dependencies
    record = outcomes.RECORD
    # The appends are committed, but what became of them is not noted.
    monkeypatch.setattr(outcomes, "RECORD", f"{record} AND false")
    address = await begun(api)
    interrupted = handover_batches(needs)

    async def has_begun() -> bool:
        await interrupted.run_due()
        return bool(await api.pool.fetchval(STARTED))

    await eventually(has_begun)
    counts = (await api.get(address)).json()["customers"]
    missing = (await api.get(f"{address}/customers?outcome=waiting")).json()["items"]
    assert counts["waiting"] == len(missing) == 8
    monkeypatch.setattr(outcomes, "RECORD", record)
    await asyncio.gather(interrupted.run_due(), handover_batches(needs).run_due())
    assert (await ended(api, address))["customers"]["begun"] == 8
    assert dict(*await api.pool.fetch(STARTED)) == {"handovers": 8, "customers": 8}
    assert set(await owners(api, addresses)) == {"E1007"}


async def leads(api: Api, employee_id: str, leader_id: str) -> None:
    body = {"name": employee_id, "leader_id": leader_id}
    headers = api.issuer.headers("ops", "ops")
    assert (await api.client.put(f"/v1/employees/{employee_id}", json=body, headers=headers)).status_code == 200


async def leaders(api: Api, addresses: list[str]) -> list[tuple[str, str | None]]:
    read = [(await api.get(address)).json() for address in addresses]
    return [(each["owner_id"], each["leader_id"]) for each in read]


async def test_customers_of_a_leaving_leader_get_the_named_leader(api: Api) -> None:
    await leads(api, "E4", "E1001")
    led = await owned(api, 2, "E4")
    elsewhere = await api.registered(owner_id="E5", leader_id="E1002")
    read = await ended(api, await begun(api, from_owner_id="E1001", leaves=True, to_leader_id="E1003"))
    assert (read["customers"]["leader_changed"], read["to_leader_id"]) == (2, "E1003")
    assert await leaders(api, [*led, elsewhere]) == [("E4", "E1003"), ("E4", "E1003"), ("E5", "E1002")]
    for who, status in (("E1001", 403), ("E1003", 200)):
        assert (await api.get(led[0], who, "leader")).status_code == status
    # What the owner is given from now on is led by the new leader, too; and nobody names the old one.
    await api.post(f"{elsewhere}/owner", {"owner_id": "E4"})
    assert await leaders(api, [elsewhere]) == [("E4", "E1003")]
    refused = [
        await api.post(f"{elsewhere}/owner", {"owner_id": "E6", "leader_id": "E1001"}),
        await api.post(f"{elsewhere}/handover", {"to_owner_id": "E6", "to_leader_id": "E1001"}),
    ]
    assert [each.json()["code"] for each in refused] == ["employee-left"] * 2


async def test_without_a_named_leader_the_leavers_own_leader_or_none_takes_over(api: Api) -> None:
    await leads(api, "E1001", "E1000")
    led = await owned(api, 1, "E4")
    unled = await api.registered(owner_id="E5", leader_id="E1002")
    await ended(api, await begun(api, from_owner_id="E1001", leaves=True))
    address = await begun(api, from_owner_id="E1002", leaves=True)
    await ended(api, address)
    assert await leaders(api, [*led, unled]) == [("E4", "E1000"), ("E5", None)]
    (item,) = (await api.get(f"{address}/customers?outcome=leader-changed")).json()["items"]
    assert (f"/v1/customers/{item['customer_id']}", item["kind"], item["to_owner_id"]) == (unled, "led", None)


async def test_a_handover_that_waits_does_not_bring_back_a_leader_who_left(api: Api) -> None:
    await leads(api, "E2", "E1001")
    (address,) = await owned(api, 1)
    await api.post(f"{address}/handover", {"to_owner_id": "E2"})
    await ended(api, await begun(api, from_owner_id="E1001", leaves=True, to_leader_id="E1003"))
    assert (await api.post(f"{address}/handover/acceptance", {}, "E2", "sales")).status_code == 200
    assert await leaders(api, [address]) == [("E2", "E1003")]


def ids(addresses: list[str]) -> list[str]:
    return [address.rpartition("/")[2] for address in addresses]


async def test_named_customers_are_handed_over_from_any_owner(api: Api) -> None:
    (one,), (other,), (unnamed,) = await owned(api, 1), await owned(api, 1, "E4"), await owned(api, 1)
    nobodys, unknown = await api.registered(), "/v1/customers/00000000-0000-4000-8000-000000000001"
    named = [one, other, nobodys, unknown]
    asked: dict[str, Any] = {"from_owner_id": None, "customer_ids": ids(named), "waits_for_acceptance": False}
    address = await begun(api, **asked, to_owner_ids=["E2", "E3"])
    read = await ended(api, address)
    assert (read["customers"]["passed_on"], read["customers"]["refused"]) == (3, 1)
    assert read["customer_ids"] == ids(named)
    assert await owners(api, [one, other, nobodys, unnamed]) == ["E2", "E3", "E2", "E1007"]
    (refused,) = (await api.get(f"{address}/customers?outcome=refused")).json()["items"]
    assert (refused["customer_id"], refused["problem"]["code"]) == (ids([unknown])[0], "customer-unknown")


async def test_named_customers_of_another_leader_are_refused_and_stay(api: Api) -> None:
    (led,), (given,) = await owned(api, 1), await owned(api, 1, "E4")
    elsewhere = await api.registered(owner_id="E1007", leader_id="E9")
    asked: dict[str, Any] = {"customer_ids": ids([led, given, elsewhere]), "waits_for_acceptance": False}
    address = await begun(api, LEADER, **asked)
    assert (await ended(api, address, LEADER))["customers"]["passed_on"] == 1
    assert await owners(api, [led, given, elsewhere]) == ["E2", "E4", "E1007"]
    refused = (await api.get(f"{address}/customers?outcome=refused", *LEADER)).json()["items"]
    problems = {each["customer_id"]: each["problem"]["code"] for each in refused}
    assert problems == {ids([given])[0]: "owner-changed", ids([elsewhere])[0]: "led-elsewhere"}
