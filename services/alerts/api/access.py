"""Who may call the routes of this service, and who may see and handle an alert."""

from typing import Annotated, Protocol

from fastapi import Depends

from chassis.commands.decider import ForbiddenError
from chassis.commands.holders import Holders
from chassis.http.access import Allow, Caller, forbidden
from services.alerts.queries.visibility import Readers
from services.alerts.staff.directory import Directory


class Require(Protocol):
    """Raises the 403 problem unless the caller may handle alerts about a customer with these holders."""

    def __call__(self, holders: Holders, owner_id: str | None = None) -> None: ...


READERS = Allow()
Reader = Annotated[Caller, Depends(READERS)]
# People and systems that handle alerts: any, or those raised for them and about their customers.
Handler = Annotated[Caller, Depends(READERS)]


async def acting_for(caller: Caller, directory: Directory) -> Readers:
    """Return the caller, and the employees whose stand-in the caller is now; None for callers who see all."""
    if caller.sees_all:
        return None
    employee_id = caller.principal.subject
    return await directory.covered_by(employee_id, caller.context.now) | {employee_id}


async def handling_for(caller: Caller, directory: Directory) -> Require:
    """Return the check that the caller may handle alerts: `require`, and that the caller has not left the company."""
    employee_id, acting = caller.principal.subject, await acting_for(caller, directory)
    has_left = not caller.sees_all and await directory.leavers([employee_id])

    def check(holders: Holders, owner_id: str | None = None) -> None:
        if has_left:
            raise caller_left(employee_id)
        require(acting, holders, owner_id)

    return check


def caller_left(employee_id: str) -> ForbiddenError:
    return ForbiddenError(
        "employee-left",
        f"The employee {employee_id} has left the company and can handle no alerts.",
        f"员工 {employee_id} 已离职，不能处理预警。",
    )


def require(acting: Readers, holders: Holders, owner_id: str | None = None) -> None:
    """Raise the 403 problem unless one of those the caller acts for holds the customer, or is `owner_id`.

    `owner_id` has to act on the alert. `queries.visibility` has the same rule for lists, and `live.transitions` for the
    live stream.
    """
    if acting is not None and not any(each == owner_id or holders.include(each) for each in acting):
        raise forbidden()
