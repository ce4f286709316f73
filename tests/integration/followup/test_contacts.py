"""Contacts over HTTP: logged, read back, leading to the next task."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.examples import OWNER
from tests.integration.followup.conftest import CALL, CALL_BACK, World, made


async def test_a_contact_is_read_back_with_its_words(world: World) -> None:
    customer_id = await world.hears_of_customer()

    contact = await world.get(await made(world, customer_id, "contacts", CALL), OWNER, "sales")

    assert contact.headers["ETag"] == '"1"'
    assert contact.json() | {"employee_id": OWNER, "content": "谈了续签"} == contact.json()


async def test_the_next_step_schedules_itself_with_the_contact(world: World) -> None:
    customer_id = await world.hears_of_customer()
    asked = CALL | {"next_step": "visit", "next_step_due_at": "2030-01-01T01:00:00Z", "goal": "谈成续签"}
    address = f"/v1/customers/{customer_id}/contacts"

    first = await world.post(address, asked, OWNER, "sales", idempotency_key="K1")
    again = await world.post(address, asked, OWNER, "sales", idempotency_key="K1")

    contact = (await world.get(first.headers["Location"])).json()
    task = (await world.get(f"/v1/tasks/{contact['next_task_id']}")).json()
    assert (task["purpose"], task["due_at"], task["assignee_id"]) == ("visit", "2030-01-01T01:00:00Z", OWNER)
    assert (contact["goal"], again.headers["Idempotency-Replayed"], await world.head()) == ("谈成续签", "true", 2)


@pytest.mark.parametrize(("late", "backdated"), [(timedelta(0), False), (timedelta(days=3), True)])
async def test_a_contact_that_is_entered_late_says_so(world: World, late: timedelta, backdated: bool) -> None:
    customer_id = await world.hears_of_customer()
    photo = {"kind": "photo", "uri": "https://files.example/李敏.jpg"}
    occurred_at = (datetime.now(UTC) - late).isoformat()

    address = await made(world, customer_id, "contacts", CALL | {"occurred_at": occurred_at, "attachments": [photo]})
    await world.lists_are_level()

    (listed,) = (await world.get("/v1/contacts")).json()["items"]
    assert (listed["backdated"], listed["attachments"]) == (backdated, [photo])
    assert (await world.get(address)).json() == listed


async def test_words_stand_in_the_vault_and_not_in_the_log(world: World) -> None:
    customer_id = await world.hears_of_customer()
    await made(world, customer_id, "contacts", CALL)

    states = await world.pool.fetch("SELECT convert_from(state, 'UTF8') AS text FROM event")
    entries = await world.pool.fetch("SELECT subject, value FROM vault")

    assert all("谈了续签" not in row["text"] for row in states)
    assert [tuple(row) for row in entries] == [(customer_id, "谈了续签")]


async def test_a_contact_may_only_name_a_task_of_the_same_customer(world: World) -> None:
    mine, other = await world.hears_of_customer(), await world.hears_of_customer()
    task_id = (await made(world, other, "tasks", CALL_BACK)).rpartition("/")[2]

    refused = await world.post(f"/v1/customers/{mine}/contacts", CALL | {"task_id": task_id})
    good = await world.post(f"/v1/customers/{other}/contacts", CALL | {"task_id": task_id})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/task_id")
    assert good.status_code == 201
