"""HTTP for what is known about a customer: competitors, customers that it brought, its own news."""

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
    """Record that a competitor was met at the customer. Each sighting is a fact of its own."""
    return await handle(customer_id, command, caller, needs)


@router.post("/customers/{customer_id}/referrals", response_model=Accepted)
async def make_referral(customer_id: UUID, command: commands.MakeReferral, caller: Anyone, needs: Needs) -> Response:
    """Record that the customer recommended us, and to whom, where that one is a customer by now."""
    referred_id = command.referred_customer_id
    if referred_id == customer_id or (referred_id and not (await needs.customers.load(referred_id)).state.known):
        detail = "The referred customer must be known here, and another one."
        error = {"pointer": "/referred_customer_id", "rule": "unknown-customer", "detail": detail}
        raise ProblemError("validation-failed", detail, "被推荐的客户须已登记，且不能是其本身。", errors=[error])
    return await handle(customer_id, command, caller, needs)


@router.post("/customers/{customer_id}/news", response_model=Accepted)
async def record_news(customer_id: UUID, command: commands.RecordNews, caller: Anyone, needs: Needs) -> Response:
    """Record that something happened at the customer, such as a new project going live."""
    return await handle(customer_id, command, caller, needs)
