"""HTTP to handle alerts: acknowledge, assign, comment, snooze."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Response

from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.responses import Accepted, answer
from contracts.alerts import AlertState
from services.alerts import commands
from services.alerts.api.access import Handler, handling_for
from services.alerts.dependencies import Dependencies, Needs
from services.alerts.handling import Authorize

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)

Acknowledgement = Annotated[commands.Acknowledge, Body(default_factory=commands.Acknowledge)]
Resumption = Annotated[commands.Unsnooze, Body(default_factory=commands.Unsnooze)]


@router.post("/alerts/{alert_id}/acknowledgement", response_model=Accepted)
async def acknowledge_alert(alert_id: UUID, command: Acknowledgement, caller: Handler, needs: Needs) -> Response:
    """Acknowledge the alert: its ladder stops for good. The alert stays open until its cause is settled."""
    return await handle(alert_id, command, caller, needs)


@router.post("/alerts/{alert_id}/assignment", response_model=Accepted)
async def assign_alert(alert_id: UUID, command: commands.AssignAlert, caller: Handler, needs: Needs) -> Response:
    """Assign the alert to a known employee who has not left. It stays so when the customer gets another owner."""
    return await handle(alert_id, command, caller, needs)


@router.post("/alerts/{alert_id}/comments", response_model=Accepted)
async def comment_on_alert(alert_id: UUID, command: commands.Comment, caller: Handler, needs: Needs) -> Response:
    """Add a comment. Its text is deleted when the customer is erased."""
    return await handle(alert_id, command, caller, needs)


@router.post("/alerts/{alert_id}/snooze", response_model=Accepted)
async def snooze_alert(alert_id: UUID, command: commands.Snooze, caller: Handler, needs: Needs) -> Response:
    """Remind nobody until a time, at most 180 days ahead, with a reason. Then the rest of the ladder continues."""
    return await handle(alert_id, command, caller, needs)


@router.post("/alerts/{alert_id}/unsnooze", response_model=Accepted)
async def unsnooze_alert(alert_id: UUID, command: Resumption, caller: Handler, needs: Needs) -> Response:
    """End the snooze now. The rest of the ladder continues."""
    return await handle(alert_id, command, caller, needs)


async def handle(alert_id: UUID, command: commands.AlertCommand, caller: Caller, needs: Dependencies) -> Response:
    authorization = partial(authorize_caller, command, caller, needs)
    handled = await needs.alerts.handle(alert_id, command, caller.context, authorization, caller.expected_version)
    return answer(handled, f"/v1/alerts/{alert_id}")


async def authorize_caller(
    command: commands.AlertCommand, caller: Caller, needs: Dependencies, customer_id: UUID
) -> Authorize:
    """Return an `authorize` for those who may handle the alert. It also refuses an assignee who is unknown or has left.

    It refuses a caller who has left, whatever the caller still holds.

    A caller is known by the token.
    """
    holders, require = await needs.directory.holders(customer_id), await handling_for(caller, needs.directory)
    refusal = None
    if isinstance(command, commands.AssignAlert) and command.owner_id != caller.principal.subject:
        refusal = await needs.directory.refusal([command.owner_id], "owner_id")

    def authorize(alert: AlertState | None) -> None:
        require(holders, alert.owner_id if alert else None)
        if refusal:
            raise refusal

    return authorize
