"""Tasks over HTTP: scheduled once, completed and cancelled by those who may."""

from tests.integration.followup.conftest import ASSIGNEE, CALL_BACK, STRANGER, World, made


async def test_a_task_may_be_done_by_whom_it_was_given_to(world: World) -> None:
    customer_id = await world.hears_of_customer()
    task = await made(world, customer_id, "tasks", CALL_BACK)

    assert (await world.post(f"{task}/completion", {}, STRANGER, "sales")).status_code == 403
    assert (await world.post(f"{task}/completion", {}, ASSIGNEE, "service")).status_code == 200

    done = (await world.get(task, ASSIGNEE, "service")).json()
    assert (done["state"], done["completed_by"], done["was_on_time"]) == ("completed", ASSIGNEE, True)


async def test_a_command_without_anything_to_say_needs_no_body(world: World) -> None:
    customer_id = await world.hears_of_customer()
    task = await made(world, customer_id, "tasks", CALL_BACK)

    assert (await world.send("POST", f"{task}/cancellation")).status_code == 200


async def test_a_retry_makes_one_task(world: World) -> None:
    customer_id = await world.hears_of_customer()
    address = f"/v1/customers/{customer_id}/tasks"

    first = await world.post(address, CALL_BACK, idempotency_key="K1")
    again = await world.post(address, CALL_BACK, idempotency_key="K1")
    other = await world.post(address, CALL_BACK | {"content": "不同"}, idempotency_key="K1")

    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    assert await world.head() == 1


async def test_keys_that_differ_in_case_make_two_tasks(world: World) -> None:
    customer_id = await world.hears_of_customer()
    address = f"/v1/customers/{customer_id}/tasks"

    upper = await world.post(address, CALL_BACK, idempotency_key="Key")
    lower = await world.post(address, CALL_BACK, idempotency_key="key")

    assert (upper.status_code, lower.status_code) == (201, 201)
    assert upper.json()["id"] != lower.json()["id"]


async def test_an_assignee_sees_the_task_of_a_customer_of_somebody_else(world: World) -> None:
    await made(world, await world.hears_of_customer(), "tasks", CALL_BACK)
    await world.lists_are_level()

    assert len((await world.get("/v1/tasks", ASSIGNEE, "service")).json()["items"]) == 1
