"""Who may call the routes of this service."""

from typing import Annotated

from fastapi import Depends

from chassis.commands.holders import Holders
from chassis.http.access import Allow, Caller
from services.alerts.staff.directory import Directory

READERS = Allow()
Reader = Annotated[Caller, Depends(READERS)]
# People and systems that handle alerts: any, or those raised for them and about their customers.
Handler = Annotated[Caller, Depends(READERS)]


async def acting_for(caller: Caller, directory: Directory) -> frozenset[str]:
    """Return the caller, and the employees whose stand-in the caller is now; nobody for callers who see all."""
    if caller.sees_all:
        return frozenset()
    employee_id = caller.principal.subject
    return await directory.covered_by(employee_id, caller.context.now) | {employee_id}


def require(caller: Caller, holders: Holders, owner_id: str | None, acting: frozenset[str]) -> None:
    """Raise the 403 problem unless the caller has to act on the alert, holds its customer, or sees all.

    The ladder reminds the stand-ins of both the employee who has to act and the leader, so both may act.
    """
    if owner_id not in acting and holders.leader_id not in acting:
        caller.require(holders)
