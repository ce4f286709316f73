"""Case 1 in followup: tasks and complaints are not given to an employee who has left."""

from typing import Any
from uuid import uuid4

import pytest

from chassis.postgres.database import transaction
from contracts.customer import AnyEvent, EmployeeLeft, EmployeeReturned
from contracts.examples import OCCURRED_AT, OWNER, example_envelope
from services.customer.commands.employee import StatePresence
from services.customer.domain.employee import EMPLOYEE
from services.followup.projection import customers
from tests.cases.test_rules_of_people import LEAVER, leaves
from tests.integration.customer.conftest import Api
from tests.integration.followup.conftest import CALL, CALL_BACK, GRIEVANCE, World, made
from tests.integration.followup.test_imports import imported_rows
from tests.support.spec import Spec

presence = Spec(EMPLOYEE)
left, returned = EmployeeLeft(employee_id=LEAVER), EmployeeReturned(employee_id=LEAVER)


def stated(*, has_left: bool, was_left: bool) -> StatePresence:
    return StatePresence(employee_id=LEAVER, has_left=has_left, was_left=was_left)


def test_01_each_change_of_presence_is_published_once() -> None:
    presence.given().when(stated(has_left=True, was_left=False)).then(left)
    presence.given(left).when(stated(has_left=True, was_left=True)).then()
    presence.given(left).when(stated(has_left=False, was_left=True)).then(returned)
    presence.given(left, returned).when(stated(has_left=False, was_left=False)).then()


def test_01_who_left_by_a_handover_batch_returns_by_an_event_too() -> None:
    presence.given().when(stated(has_left=False, was_left=True)).then(returned)


async def test_01_a_change_of_presence_is_an_event(api: Api) -> None:
    for has_left in (True, True, False, False):
        await leaves(api, has_left=has_left)
    rows = await api.pool.fetch("SELECT type FROM event ORDER BY position")
    assert [row["type"] for row in rows] == ["care.customer.employee-left.v1", "care.customer.employee-returned.v1"]


async def hears(world: World, *facts: AnyEvent, hours: int = 0) -> None:
    at = OCCURRED_AT.replace(hour=hours)
    async with transaction(world.pool) as held:
        await customers.apply([example_envelope(each, subject=uuid4(), occurred_at=at) for each in facts], held)


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("tasks", "assignee_id", CALL_BACK),
    ("contacts", "employee_id", CALL | {"next_step": "quote", "next_step_due_at": "2030-01-01T09:00:00Z"}),
    ("complaints", "owner_id", GRIEVANCE),
]


@pytest.mark.parametrize(("kind", "field", "others"), REFUSED)
async def test_01_work_is_not_given_to_an_employee_who_has_left(
    world: World, kind: str, field: str, others: dict[str, Any]
) -> None:
    body = others | {field: LEAVER}
    customer_id = await world.hears_of_customer()
    await hears(world, left)
    refused = await world.post(f"/v1/customers/{customer_id}/{kind}", body, OWNER, "sales")
    assert (refused.status_code, refused.json()["code"]) == (409, "employee-left")
    assert [error["pointer"] for error in refused.json()["errors"]] == [f"/{field}"]
    await hears(world, returned, hours=5)
    assert (await world.post(f"/v1/customers/{customer_id}/{kind}", body, OWNER, "sales")).status_code == 201


async def test_01_a_rule_does_not_give_a_task_to_an_owner_who_has_left(world: World) -> None:
    customer_id = await world.hears_of_customer(owner_id=LEAVER)
    await hears(world, left)
    task = {"due_at": "2030-01-01T09:00:00Z", "assign": "owner"}
    assert (await world.post(f"/v1/customers/{customer_id}/tasks", task)).json()["code"] == "employee-left"


async def test_01_a_complaint_is_not_assigned_to_an_employee_who_has_left(world: World) -> None:
    address = await made(world, await world.hears_of_customer(), "complaints", GRIEVANCE)
    await hears(world, left)
    refused = await world.post(f"{address}/assignment", {"owner_id": LEAVER}, OWNER, "sales")
    assert (refused.status_code, refused.json()["code"]) == (409, "employee-left")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/owner_id"]
    assert (await world.post(f"{address}/assignment", {"owner_id": "E1"}, OWNER, "sales")).status_code == 200


async def test_01_a_retry_of_a_request_from_before_gets_its_first_response(world: World) -> None:
    customer_id = await world.hears_of_customer()
    path, body = f"/v1/customers/{customer_id}/tasks", CALL_BACK | {"assignee_id": LEAVER}
    first = await world.post(path, body, OWNER, "sales", idempotency_key="k-1")
    await hears(world, left)
    again = await world.post(path, body, OWNER, "sales", idempotency_key="k-1")
    assert (again.status_code, again.json()) == (first.status_code, first.json())


async def test_01_a_file_holds_what_a_leaver_did_but_gives_a_leaver_nothing_to_do(world: World) -> None:
    await world.hears_of_customer(name="北京新创")
    await hears(world, EmployeeLeft(employee_id=world.pseudonyms.employee("李强")))
    done, to_do = await imported_rows(
        world, "北京新创,2024-06-01,回访,李强,已完成,", "北京新创,2024-06-02,回访,李强,跟进中,"
    )
    assert done["outcome"] == "created"
    assert (to_do["problem"]["code"], to_do["problem"]["column"]) == ("employee-left", "负责人员")


async def test_01_the_later_of_leaving_and_returning_counts_in_whichever_order_they_arrive(world: World) -> None:
    employee_id = world.pseudonyms.employee("李强")
    await hears(world, EmployeeReturned(employee_id=employee_id), hours=5)
    await hears(world, EmployeeLeft(employee_id=employee_id), hours=3)
    customer_id = await world.hears_of_customer()
    body = CALL_BACK | {"assignee_id": employee_id}
    assert (await world.post(f"/v1/customers/{customer_id}/tasks", body, OWNER, "sales")).status_code == 201
