"""HTTP for employees. Their names stay in this service."""

from enum import StrEnum
from typing import Self

from fastapi import APIRouter
from pydantic import Field, model_validator

from chassis.commands.command import RequestModel
from chassis.commands.problem import not_found
from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.paging import Page
from contracts.field_error import FieldError
from contracts.types import EmployeeId, Name
from services.customer.api.access import LeaderCreating, Reader
from services.customer.commands.employee import StateLeader, StatePresence
from services.customer.dependencies import Dependencies, Needs
from services.customer.employees import EmployeeView
from services.customer.leaders.statement import LeaderStatements, stream_of

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)


class EmployeeField(StrEnum):
    """The data of an employee that can be deleted."""

    LEADER_ID = "leader_id"


class Employee(RequestModel):
    """The data of an employee. The fields named in `clear` are deleted."""

    name: Name
    leader_id: EmployeeId | None = Field(
        default=None, description="The employee's leader. If absent, it stays as it is."
    )
    has_left: bool | None = Field(
        default=None, description="An employee who has left gets no customers. If absent, it stays as it is."
    )
    clear: tuple[EmployeeField, ...] = Field(default=(), max_length=len(EmployeeField))

    @model_validator(mode="after")
    def stated_or_cleared(self) -> Self:
        if self.clear and self.leader_id:
            raise FieldError(
                "a field cannot be set and cleared at once: leader_id", "不能同时填写又清除：leader_id", "clear"
            )
        return self


@router.put("/employees/{employee_id}")
async def keep_employee(
    employee_id: EmployeeId, employee: Employee, caller: LeaderCreating, needs: Needs
) -> EmployeeView:
    """Create or update an employee. Names stay in this service.

    The customers of the employee get a new leader with the employee, unless their leader was stated.
    """
    known = await needs.employees.one(employee_id)
    if known is None or known.leader_id != employee.leader_id:
        await needs.employees.require_present("leader_id", employee.leader_id)
    if employee.has_left is not None:
        await state_presence(employee_id, caller, needs, has_left=employee.has_left, known=known)
    if employee.leader_id or EmployeeField.LEADER_ID in employee.clear:
        await state_leader(employee_id, employee.leader_id, caller, needs, known)
    await needs.employees.save(employee_id, employee.name)
    saved = await needs.employees.one(employee_id)
    if saved is None:
        raise not_found()
    return saved


async def state_presence(
    employee_id: str, caller: Caller, needs: Dependencies, *, has_left: bool, known: EmployeeView | None
) -> None:
    """Publish a change, then save it: the projection saves it too, also if this request is interrupted in between.

    A repeated request saves nothing: a handover batch may have marked the employee as left since the first one.
    """
    was_left = known is not None and known.has_left
    command = StatePresence(employee_id=employee_id, has_left=has_left, was_left=was_left)
    handled = await needs.employments.handle(stream_of(employee_id, needs.pseudonyms), command, caller.context)
    if handled.events:
        left_at = caller.context.now if has_left else None
        await needs.employees.save_presence(employee_id, left_at, handled.version)


async def state_leader(
    employee_id: str, leader_id: str | None, caller: Caller, needs: Dependencies, known: EmployeeView | None
) -> None:
    """State the leader under an idempotency key of its own."""
    previous_id = known.leader_id if known else None
    command = StateLeader(employee_id=employee_id, leader_id=leader_id, previous_id=previous_id)
    context = caller.context._replace(key=f"{caller.context.key}|leader")
    await LeaderStatements(needs.employments, needs.employees, needs.pseudonyms).state(command, context)


@router.get("/employees")
async def read_employees(_caller: Reader, needs: Needs) -> Page[EmployeeView]:
    """List all employees."""
    return Page(items=await needs.employees.all())
