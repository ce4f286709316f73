"""HTTP for employees. Their names stay in this service."""

from fastapi import APIRouter
from pydantic import Field

from chassis.commands.command import RequestModel
from chassis.commands.problem import not_found
from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.paging import Page
from contracts.types import EmployeeId, Name
from services.customer.api.access import LeaderCreating, Reader
from services.customer.commands.employee import StatePresence
from services.customer.dependencies import Dependencies, Needs
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
async def keep_employee(
    employee_id: EmployeeId, employee: Employee, caller: LeaderCreating, needs: Needs
) -> EmployeeView:
    """Create or update an employee. Names stay in this service."""
    known = await needs.employees.one(employee_id)
    if known is None or known.leader_id != employee.leader_id:
        await needs.employees.require_present(employee.leader_id)
    if employee.has_left is not None:
        await state_presence(employee_id, caller, needs, has_left=employee.has_left, known=known)
    await needs.employees.save(employee_id, employee.name, employee.leader_id, has_left=employee.has_left)
    saved = await needs.employees.one(employee_id)
    if saved is None:
        raise not_found()
    return saved


async def state_presence(
    employee_id: str, caller: Caller, needs: Dependencies, *, has_left: bool, known: EmployeeView | None
) -> None:
    """Publish a change before it is saved, so that a repeated request completes an interrupted one."""
    # In hex, because derived ids ignore case, and ids that differ only in case are different employees.
    stream_id = needs.pseudonyms.derived("employee", employee_id.encode().hex())
    was_left = known is not None and known.has_left
    command = StatePresence(employee_id=employee_id, has_left=has_left, was_left=was_left)
    await needs.presence.handle(stream_id, command, caller.context)


@router.get("/employees")
async def read_employees(_caller: Reader, needs: Needs) -> Page[EmployeeView]:
    """List all employees."""
    return Page(items=await needs.employees.all())
