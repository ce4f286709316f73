"""Handovers through the API: one owner at every instant, and access rules."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.customer.handovers.checklists import NEAR_DAYS
from tests.integration.customer.conftest import Api
from tests.support.waiting import eventually

OLD, NEW, STRANGER = ("E1007", "sales"), ("E2", "sales"), ("E3333", "sales")
OPEN_TASK = """
    INSERT INTO open_item VALUES ($1, $2, 'task', $1, '2024-06-07T10:00:00Z', 'E1007', true)
"""
OWNERS = "SELECT count(*) FROM event WHERE type = 'care.customer.owner-assigned.v1'"


async def begun(api: Api) -> str:
    """Register a customer of E1007 and begin to hand it to E2."""
    address = await api.registered(owner_id="E1007", leader_id="E1001")
    started = await api.post(f"{address}/handover", {"to_owner_id": "E2", "reason": "resigned"}, "E1001", "leader")
    assert started.status_code == 201, started.text
    return address


async def test_until_it_is_accepted_the_old_owner_has_the_customer_and_then_the_new_one(api: Api) -> None:
    address = await begun(api)
    assert (await api.get(address, *OLD)).status_code == 200
    assert (await api.get(address, *NEW)).status_code == 403
    assert (await api.post(f"{address}/handover/acceptance", {"note": "已阅"}, *NEW)).status_code == 200
    assert (await api.get(address, *OLD)).status_code == 403
    read = (await api.get(address, *NEW)).json()
    assert (read["owner_id"], read["stage"]) == ("E2", "new")


async def test_acceptance_and_new_owner_are_recorded_together_and_once(api: Api) -> None:
    address = await begun(api)
    before = await api.pool.fetchval(OWNERS)
    first, second = [await api.post(f"{address}/handover/acceptance", {}, *NEW, idempotency_key="k") for _ in range(2)]
    assert (first.status_code, second.content) == (200, first.content)
    assert await api.pool.fetchval(OWNERS) == before + 1


async def test_a_handover_recorded_late_has_its_own_date(api: Api) -> None:
    address = await api.registered(owner_id="E1007", leader_id="E1001")
    days = ("2024-06-03T01:00:00Z", "2024-06-05T01:00:00Z")
    await api.post(f"{address}/handover", {"to_owner_id": "E2", "occurred_at": days[0]}, "E1001", "leader")
    await api.post(f"{address}/handover/acceptance", {"occurred_at": days[1]}, *NEW)
    told = (await api.get(f"{address}/events", *NEW)).json()["items"][-3:]
    assert [each["occurred_at"] for each in told] == [days[0], days[1], days[1]]


async def test_only_the_new_owner_accepts(api: Api) -> None:
    address = await begun(api)
    for caller in (OLD, STRANGER):
        assert (await api.post(f"{address}/handover/acceptance", {}, *caller)).status_code == 403
    assert (await api.get(f"{address}/handover", *STRANGER)).status_code == 403


async def test_the_checklist_says_what_is_open_at_followup(api: Api) -> None:
    address = await api.registered(owner_id="E1007", leader_id="E1001")
    task = UUID(int=7)
    await api.pool.execute(OPEN_TASK, task, UUID(address.rpartition("/")[2]))
    await api.post(f"{address}/handover", {"to_owner_id": "E2"}, "E1001", "leader")
    read = (await api.get(f"{address}/handover", *NEW)).json()
    assert [(item["kind"], item["concerns_id"]) for item in read["checklist"]] == [("task", str(task))]


async def test_the_checklist_says_which_contracts_are_near_their_end(api: Api) -> None:
    address = await api.registered(owner_id="E1007", leader_id="E1001")
    today = datetime.now(UTC).date()
    days = [*(today + timedelta(days=after) for after in (NEAR_DAYS - 2, NEAR_DAYS + 2, 3, -NEAR_DAYS - 2, 5)), None]
    term = {"starts_on": "2020-01-01", "amount_minor": 1_000, "currency": "CNY"}
    signed = [await api.post(f"{address}/contracts", term | {"ends_on": day and day.isoformat()}) for day in days]
    assert {each.status_code for each in signed} == {201}
    *_, last_but_one, _ = [each.headers["location"] for each in signed]
    assert (await api.post(f"{last_but_one}/ending", {"reason": "expired"})).status_code == 200

    async def listed() -> bool:
        return bool(await api.pool.fetchval("SELECT count(*) FILTER (WHERE ended_at IS NOT NULL) = 1 FROM contract"))

    await eventually(listed)
    await api.post(f"{address}/handover", {"to_owner_id": "E2"}, "E1001", "leader")
    read = (await api.get(f"{address}/handover", *NEW)).json()
    assert [(each["ends_on"], each["renewal_intent"]) for each in read["contracts"]] == [
        (str(days[2]), "unknown"),
        (str(days[0]), "unknown"),
    ]


async def test_a_customer_that_was_reassigned_meanwhile_is_not_handed_over(api: Api) -> None:
    address = await begun(api)
    await api.post(f"{address}/owner", {"owner_id": "E5"})
    refused = await api.post(f"{address}/handover/acceptance", {}, *NEW)
    assert (refused.status_code, refused.json()["code"]) == (409, "owner-changed")
    assert (await api.get(f"{address}/handover")).json()["state"] == "open"


async def test_a_handover_that_is_withdrawn_leaves_the_customer_where_it_is(api: Api) -> None:
    address = await begun(api)
    assert (await api.post(f"{address}/handover/withdrawal", {"reason": "留任"}, "E1001", "leader")).status_code == 200
    assert (await api.get(f"{address}/handover")).json()["note"] == "留任"
    assert (await api.get(address)).json()["owner_id"] == "E1007"


async def test_everybody_lists_the_handovers_that_they_have_part_in(api: Api) -> None:
    await begun(api)

    async def listed(subject: str, count: int) -> bool:
        return len((await api.get("/v1/handovers?state=open", subject, "sales")).json()["items"]) == count

    await eventually(lambda: listed("E2", 1))
    assert await listed("E1007", 1)
    assert await listed("E3333", 0)


async def test_an_unknown_customer_cannot_be_handed_over(api: Api) -> None:
    nobody = f"/v1/customers/{UUID(int=9)}/handover"
    assert (await api.post(nobody, {"to_owner_id": "E2"})).status_code == 404
    assert (await api.get(nobody)).status_code == 404
    assert (await api.post(f"{nobody}/acceptance", {})).status_code == 404


async def test_customers_without_an_owner_can_be_listed(api: Api) -> None:
    owned, nobodys = await api.registered(owner_id="E1007"), await api.registered()
    await api.listed(2)
    found = {
        ownerless: [row["id"] for row in (await api.get(f"/v1/customers?ownerless={ownerless}")).json()["items"]]
        for ownerless in ("true", "false")
    }
    assert found == {"true": [nobodys.rpartition("/")[2]], "false": [owned.rpartition("/")[2]]}
