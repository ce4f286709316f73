"""The followup service over HTTP: what is asked, what is answered, and who may."""

import asyncio
from uuid import uuid4

import pytest

from contracts.examples import LEADER, OWNER
from tests.integration.followup.conftest import CALL, CALL_BACK, GRIEVANCE, STRANGER, World, made


async def test_a_customer_who_is_still_on_its_way_is_waited_for(world: World) -> None:
    customer_id = uuid4()

    asked = asyncio.ensure_future(world.post(f"/v1/customers/{customer_id}/contacts", CALL, OWNER, "sales"))
    _, still_waiting = await asyncio.wait({asked}, timeout=0.2)
    assert still_waiting
    await world.hears_of_customer(customer_id)

    assert (await asked).status_code == 201


async def test_an_unknown_customer_is_named(world: World) -> None:
    customer_id = uuid4()

    answered = await world.post(f"/v1/customers/{customer_id}/contacts", CALL)

    assert (answered.status_code, answered.json()["code"]) == (404, "not-found")
    assert str(customer_id) in answered.json()["detail"]


async def test_only_those_who_answer_for_a_customer_may_write_and_read(world: World) -> None:
    customer_id = await world.hears_of_customer()
    contact = await made(world, customer_id, "contacts", CALL)

    for address in (contact, f"{contact}/events", f"/v1/customers/{customer_id}/events"):
        assert (await world.get(address, STRANGER, "sales")).status_code == 403
        assert (await world.get(address, LEADER, "leader")).status_code == 200
    refused = await world.post(f"/v1/customers/{customer_id}/contacts", CALL, STRANGER, "sales")
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("kind", "body", "step"), [("tasks", CALL_BACK, "cancellation"), ("complaints", GRIEVANCE, "answer")]
)
async def test_a_version_that_is_gone_is_refused(world: World, kind: str, body: dict[str, str], step: str) -> None:
    address = await made(world, await world.hears_of_customer(), kind, body)

    seen = (await world.get(address)).headers["ETag"]

    good = await world.post(f"{address}/{step}", {}, if_match=seen)
    stale = await world.post(f"{address}/{step}", {}, if_match=seen)

    assert (good.status_code, good.headers["ETag"]) == (200, f'"{int(seen[1:-1]) + 1}"')
    assert (stale.status_code, stale.json()["code"]) == (412, "version-mismatch")


async def test_a_rule_that_says_no_names_itself(world: World) -> None:
    task = await made(world, await world.hears_of_customer(), "tasks", CALL_BACK)
    await world.post(f"{task}/cancellation", {"reason": "不需要了"})

    refused = await world.post(f"{task}/completion", {}, accept_language="zh-CN")

    assert (refused.status_code, refused.json()["code"]) == (409, "task-closed")
    assert "已取消" in refused.json()["detail"]
    assert (await world.get(task)).json()["reason"] == "不需要了"


async def test_a_complaint_goes_all_the_way(world: World) -> None:
    complaint = await made(world, await world.hears_of_customer(), "complaints", GRIEVANCE)

    for step, said in (
        ("answer", {"content": "马上查"}),
        ("answer", {"content": "明天补发"}),
        ("confirmation", {}),
        ("closure", {"resolution": "replaced"}),
    ):
        assert (await world.post(f"{complaint}/{step}", said, OWNER, "sales")).status_code == 200

    seen = (await world.get(complaint, OWNER, "sales")).json()
    assert (seen["state"], seen["owner_id"], seen["resolution"]) == ("closed", OWNER, "replaced")
    assert (seen["content"], seen["answers"]) == ("又晚了三天", ["马上查", "明天补发"])


async def test_a_contact_is_no_task(world: World) -> None:
    contact = await made(world, await world.hears_of_customer(), "contacts", CALL)
    as_task = contact.replace("contacts", "tasks")

    for answered in (await world.get(as_task), await world.post(f"{as_task}/completion", {})):
        assert answered.status_code == 404


async def test_the_history_of_a_task_and_of_all_that_concerns_a_customer(world: World) -> None:
    customer_id = await world.hears_of_customer()
    task = await made(world, customer_id, "tasks", CALL_BACK)
    await made(world, customer_id, "contacts", CALL)
    await world.post(f"{task}/completion", {})

    of_task = (await world.get(f"{task}/events", limit=1)).json()
    rest = (await world.get(f"{task}/events", after=of_task["next_cursor"])).json()
    of_customer = (await world.get(f"/v1/customers/{customer_id}/events")).json()

    assert [each["type"] for each in of_task["items"]] == ["care.followup.task-scheduled.v1"]
    assert [each["type"] for each in rest["items"]] == ["care.followup.task-completed.v1"]
    assert not rest["has_more"]
    assert [each["position"] for each in of_customer["items"]] == [1, 2, 3]


async def test_a_list_goes_on_where_its_cursor_points(world: World) -> None:
    customer_id = await world.hears_of_customer()
    for day in (3, 1, 2):
        await made(world, customer_id, "tasks", CALL_BACK | {"due_at": f"2030-01-0{day}T09:00:00+08:00"})
    await world.lists_are_level()

    first = await world.get("/v1/tasks", limit=2)
    second = await world.get("/v1/tasks", limit=2, cursor=first.json()["next_cursor"])
    foreign = await world.get("/v1/contacts", limit=2, cursor=first.json()["next_cursor"])

    due = [item["due_at"] for page in (first, second) for item in page.json()["items"]]
    assert due == sorted(due)
    assert len(due) == 3
    assert 'rel="next"' in first.headers["Link"]
    assert not second.json()["has_more"]
    assert (foreign.status_code, foreign.json()["code"]) == (400, "invalid-cursor")


async def test_lists_are_narrowed(world: World) -> None:
    mine, other = await world.hears_of_customer(), await world.hears_of_customer(owner_id=STRANGER)
    done = await made(world, mine, "tasks", CALL_BACK)
    await made(world, other, "tasks", CALL_BACK | {"assignee_id": STRANGER, "due_at": "2031-01-01T09:00:00Z"}, STRANGER)
    await world.post(f"{done}/completion", {})
    await world.lists_are_level()

    async def listed(**params: str) -> list[str]:
        return [item["customer_id"] for item in (await world.get("/v1/tasks", **params)).json()["items"]]

    assert await listed() == [str(mine), str(other)]
    assert await listed(state="completed") == [str(mine)]
    assert await listed(assignee_id=STRANGER) == [str(other)]
    assert await listed(customer_id=str(other)) == [str(other)]
    assert await listed(due_before="2030-06-01T00:00:00Z") == [str(mine)]


@pytest.mark.parametrize(("kind", "body"), [("contacts", CALL), ("tasks", CALL_BACK), ("complaints", GRIEVANCE)])
async def test_a_seller_sees_what_is_theirs(world: World, kind: str, body: dict[str, str]) -> None:
    address = await made(world, await world.hears_of_customer(), kind, body)
    await world.lists_are_level()

    async def seen_by(subject: str) -> list[dict[str, str]]:
        items: list[dict[str, str]] = (await world.get(f"/v1/{kind}", subject, "sales")).json()["items"]
        return items

    for subject in (OWNER, LEADER):
        (item,) = await seen_by(subject)
        assert item["content"] == body["content"]
        assert item == (await world.get(address)).json()
    assert await seen_by(STRANGER) == []


async def test_roles_that_have_no_business_here_are_turned_away(world: World) -> None:
    assert (await world.get("/v1/tasks", "F1", "finance")).status_code == 403
