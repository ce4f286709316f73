"""HTTP for who works here. Names of employees stay in this service."""

from fastapi import APIRouter
from pydantic import Field

from chassis.commands.command import RequestModel
from chassis.commands.problem import not_found
from chassis.http.body import StrictRoute
from chassis.http.paging import Page
from contracts.types import EmployeeId, Name
from services.customer.api.access import Office, Reader
from services.customer.dependencies import Needs
from services.customer.employees import EmployeeView

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)


class Employee(RequestModel):
    """What is kept about somebody who works here."""

    name: Name
    leader_id: EmployeeId | None = Field(default=None, description="Who leads them; kept if absent.")
    has_left: bool | None = Field(default=None, description="Who has left is given no customer; kept if absent.")


@router.put("/employees/{employee_id}")
async def keep_employee(employee_id: EmployeeId, employee: Employee, _caller: Office, needs: Needs) -> EmployeeView:
    """Say who works here and who leads them. Names stay in this service."""
    await needs.employees.save(employee_id, employee.name, employee.leader_id, has_left=employee.has_left)
    kept = await needs.employees.one(employee_id)
    if kept is None:
        raise not_found()
    return kept


@router.get("/employees")
async def read_employees(_caller: Reader, needs: Needs) -> Page[EmployeeView]:
    """List everybody who works here."""
    return Page(items=await needs.employees.all())
