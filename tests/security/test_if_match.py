"""If-Match: every operation of every service compares the version with it, or refuses it. None ignores it."""

import pytest

from tests.security.operations import Operation, operations
from tests.security.test_matrix import fresh, send
from tests.security.world import World

STALE = '"999999"'
HONOURED, REFUSED = (412, "version-mismatch"), (400, "bad-request")
# Operations that change something and do not compare versions. They create a resource, or the resource has no version.
UNVERSIONED = {
    "alerts POST /v1/rules/import",
    "alerts POST /v1/rules/validation",
    "alerts POST /v1/rules/{rule}/preview",
    "alerts POST /v1/alerts/bulk",
    "customer POST /v1/customers",
    "customer POST /v1/customers/{customer_id}/contracts",
    "customer POST /v1/customers/{customer_id}/orders",
    "customer POST /v1/customers/{customer_id}/quotes",
    "customer POST /v1/handover-batches",
    "customer POST /v1/imports",
    "customer POST /v1/tier-schemes/{scheme}/preview",
    "customer PUT /v1/employees/{employee_id}",
    "followup POST /v1/customers/{customer_id}/complaints",
    "followup POST /v1/customers/{customer_id}/contacts",
    "followup POST /v1/customers/{customer_id}/surveys",
    "followup POST /v1/customers/{customer_id}/tasks",
    "followup POST /v1/imports",
    "followup POST /v1/plan-templates/{template}/preview",
    "followup POST /v1/survey-invitations/{code}/answer",
}


def test_70_the_operations_without_versions_exist() -> None:
    assert {str(operation) for operation in operations()} >= UNVERSIONED


@pytest.mark.parametrize("operation", operations(), ids=str)
async def test_70_every_operation_honours_if_match_or_refuses_it(world: World, operation: Operation) -> None:
    things = {**world.things, **await fresh(world, operation)}
    before = await world.head(operation.service)
    response = await send(world, operation, things, "ops", "ops", **{"if-match": STALE})
    is_refused = operation.method == "GET" or str(operation) in UNVERSIONED
    assert (response.status_code, response.json()["code"]) == (REFUSED if is_refused else HONOURED)
    assert not await world.left_a_fact(operation.service, before, response)


@pytest.mark.parametrize("name", sorted(UNVERSIONED))
async def test_70_an_operation_without_versions_refuses_an_asterisk(world: World, name: str) -> None:
    [operation] = [each for each in operations() if str(each) == name]
    things = {**world.things, **await fresh(world, operation)}
    response = await send(world, operation, things, "ops", "ops", **{"if-match": "*"})
    assert (response.status_code, response.json()["code"]) == REFUSED


@pytest.mark.parametrize("operation", operations(), ids=str)
async def test_22_no_operation_matches_a_weak_etag(world: World, operation: Operation) -> None:
    things = {**world.things, **await fresh(world, operation)}
    before = await world.head(operation.service)
    response = await send(world, operation, things, "ops", "ops", **{"if-match": 'W/"1"'})
    assert (response.status_code, response.json()["code"]) == HONOURED
    assert "weak" in response.json()["detail"]
    assert not await world.left_a_fact(operation.service, before, response)
