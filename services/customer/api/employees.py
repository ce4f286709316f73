"""HTTP for employees. Their names stay in this service."""

from fastapi import APIRouter
from pydantic import Field

from chassis.commands.command import RequestModel
from chassis.commands.problem import not_found
from chassis.http.body import StrictRoute
from chassis.http.paging import Page
from contracts.types import EmployeeId, Name
from services.customer.api.access import Leader, Reader
from services.customer.dependencies import Needs
from services.customer.employees import EmployeeView

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)


class Employee(RequestModel):
    """The data of an employee."""

    name: Name
    leader_id: EmployeeId | None = Field(
        default=None, description="The employee's leader. If absent, it stays as it is."
    )
    has_left: bool | None = Field(
        default=None, description="An employee who has left gets no customers. If absent, it stays as it is."
    )


@router.put("/employees/{employee_id}")
async def keep_employee(employee_id: EmployeeId, employee: Employee, caller: Leader, needs: Needs) -> EmployeeView:
    """Create or update an employee. Names stay in this service."""
    caller.refuse_if_match()
    known = await needs.employees.one(employee_id)
    if known is None or known.leader_id != employee.leader_id:
        await needs.employees.require_present(employee.leader_id)
    await needs.employees.save(employee_id, employee.name, employee.leader_id, has_left=employee.has_left)
    saved = await needs.employees.one(employee_id)
    if saved is None:
        raise not_found()
    return saved


@router.get("/employees")
async def read_employees(_caller: Reader, needs: Needs) -> Page[EmployeeView]:
    """List all employees."""
    return Page(items=await needs.employees.all())
