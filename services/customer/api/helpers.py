"""HTTP for the helpers of a customer."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.responses import Accepted, answer
from contracts.types import EmployeeId
from services.customer import commands
from services.customer.api.access import Anyone, authorization
from services.customer.dependencies import Dependencies, Needs

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)


@router.post("/customers/{customer_id}/helpers", response_model=Accepted)
async def add_helper(customer_id: UUID, command: commands.AddHelper, caller: Anyone, needs: Needs) -> Response:
    """Add a helper, who may act for the customer like its owner. Only owner and leader may add helpers."""
    await needs.employees.require_present("employee_id", command.employee_id)
    return await by_owner(customer_id, command, caller, needs)


@router.delete("/customers/{customer_id}/helpers/{employee_id}", response_model=Accepted)
async def remove_helper(
    customer_id: UUID, employee_id: Annotated[EmployeeId, Path()], caller: Anyone, needs: Needs
) -> Response:
    """Remove a helper, who then has no access to the customer."""
    return await by_owner(customer_id, commands.RemoveHelper(employee_id=employee_id), caller, needs)


async def by_owner(
    customer_id: UUID, command: commands.AddHelper | commands.RemoveHelper, caller: Caller, needs: Dependencies
) -> Response:
    handled = await needs.customers.handle(
        customer_id,
        command,
        caller.context,
        expected_version=caller.expected_version,
        authorize=lambda state: authorization(caller)(replace(state, helper_ids=frozenset())),
    )
    return answer(handled, f"/v1/customers/{customer_id}")
