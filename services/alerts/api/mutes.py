"""HTTP to mute a rule for a customer."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.responses import NOT_FOUND, Accepted, answer
from contracts.types import Code
from services.alerts.api.access import Handler, Reader, acting_for, handling_for, require
from services.alerts.api.missing_rules import missing_rule
from services.alerts.commands.mute import Mute, MuteCommand, MuteRule, UnmuteRule
from services.alerts.dependencies import Dependencies, Needs
from services.alerts.queries.mutes import Mutes, mutes_of
from services.alerts.staff.mutes import mute_id

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)
FIRST: dict[int | str, dict[str, Any]] = {
    201: {"model": Accepted, "description": "The first mute of this rule for this customer"}
}


@router.get("/customers/{customer_id}/mutes", responses=NOT_FOUND)
async def read_mutes(customer_id: UUID, caller: Reader, needs: Needs) -> Mutes:
    """List the rules that are muted for the customer now. Their alerts are raised, but nobody is reminded of them."""
    holders = await needs.directory.holders_of_kept(customer_id)
    require(await acting_for(caller, needs.directory), holders)
    return await mutes_of(needs.pool, customer_id)


@router.put("/customers/{customer_id}/mutes/{rule_id}", response_model=Accepted, responses=NOT_FOUND | FIRST)
async def mute_rule(customer_id: UUID, rule_id: Code, request: Mute, caller: Handler, needs: Needs) -> Response:
    """Mute a rule for the customer, with a reason, until a time at most 180 days ahead or without an end."""
    if (await needs.rules.in_force.current(needs.pool)).book.rule(rule_id) is None:
        raise await missing_rule(rule_id, needs.rules)
    command = MuteRule(rule_id=rule_id, at=caller.context.now, **dict(request))
    return await handle(customer_id, command, caller, needs)


@router.delete("/customers/{customer_id}/mutes/{rule_id}", response_model=Accepted, responses=NOT_FOUND)
async def unmute_rule(customer_id: UUID, rule_id: Code, caller: Handler, needs: Needs) -> Response:
    """End the mute. The ladders of open alerts continue."""
    return await handle(customer_id, UnmuteRule(rule_id=rule_id, at=caller.context.now), caller, needs)


async def handle(customer_id: UUID, command: MuteCommand, caller: Caller, needs: Dependencies) -> Response:
    holders, may_mute = await needs.directory.holders_of_kept(customer_id), await handling_for(caller, needs.directory)
    handled = await needs.mutes.handle(
        mute_id(customer_id, command.rule_id),
        command,
        caller.context,
        subject=customer_id,
        expected_version=caller.expected_version,
        authorize=lambda _state: may_mute(holders),
    )
    return answer(handled, f"/v1/customers/{customer_id}/mutes")
