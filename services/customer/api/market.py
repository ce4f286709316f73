"""HTTP for competitors, referrals and news of a customer."""

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.commands.problem import ProblemError
from chassis.http.body import StrictRoute
from chassis.http.responses import Accepted
from services.customer import commands
from services.customer.api.access import Anyone
from services.customer.api.customers import handle
from services.customer.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)


@router.post("/customers/{customer_id}/competitors", response_model=Accepted)
async def see_competitor(customer_id: UUID, command: commands.SeeCompetitor, caller: Anyone, needs: Needs) -> Response:
    """Record that a competitor was seen at the customer. Each request adds an event."""
    return await handle(customer_id, command, caller, needs)


@router.post("/customers/{customer_id}/referrals", response_model=Accepted)
async def make_referral(customer_id: UUID, command: commands.MakeReferral, caller: Anyone, needs: Needs) -> Response:
    """Record a referral by the customer. `referred_customer_id` is optional."""
    referred_id = command.referred_customer_id
    if referred_id == customer_id or (referred_id and not (await needs.customers.load(referred_id)).state.known):
        detail = "The referred customer must be registered, and must not be this customer."
        error = {"pointer": "/referred_customer_id", "rule": "unknown-customer", "detail": detail}
        raise ProblemError("validation-failed", detail, "被推荐的客户须已登记，且不能是该客户本身。", errors=[error])
    return await handle(customer_id, command, caller, needs)


@router.post("/customers/{customer_id}/news", response_model=Accepted)
async def record_news(customer_id: UUID, command: commands.RecordNews, caller: Anyone, needs: Needs) -> Response:
    """Record that something happened at the customer, such as a new project going live."""
    return await handle(customer_id, command, caller, needs)
