"""Who may call the routes of this service."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends

from chassis.commands.holders import Holders
from chassis.http.access import Allow, Caller
from contracts.alerts import AlertState

Reader = Annotated[Caller, Depends(Allow())]
# People and systems that handle alerts: any, or those raised for them and about their customers.
Handler = Annotated[Caller, Depends(Allow())]


def may_handle(caller: Caller, holders: Holders, alert: AlertState | None) -> None:
    """Raise the 403 problem unless the caller has to act on the alert, holds its customer, or sees all."""
    acting = {alert.owner_id} if alert and alert.owner_id else set()
    caller.require(replace(holders, helper_ids=holders.helper_ids | acting))
