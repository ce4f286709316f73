"""Who may call the routes of this service, and who may see and handle an alert."""

from typing import Annotated

from fastapi import Depends

from chassis.commands.holders import Holders
from chassis.http.access import Allow, Caller, forbidden
from services.alerts.queries.visibility import Readers
from services.alerts.staff.directory import Directory

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


async def handling_for(caller: Caller, directory: Directory) -> Readers:
    """Return for whom the caller may handle alerts: nobody if the caller has left the company."""
    if not caller.sees_all and await directory.leavers([caller.principal.subject]):
        return frozenset()
    return await acting_for(caller, directory)


def require(acting: Readers, holders: Holders, owner_id: str | None = None) -> None:
    """Raise the 403 problem unless one of those the caller acts for holds the customer, or is `owner_id`.

    `owner_id` has to act on the alert. `queries.visibility` has the same rule for lists, and `live.transitions` for the
    live stream.
    """
    if acting is not None and not any(each == owner_id or holders.include(each) for each in acting):
        raise forbidden()
