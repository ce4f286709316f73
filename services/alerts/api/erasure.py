"""HTTP to read the erasures of a customer that this service has received."""

from uuid import UUID

from fastapi import APIRouter

from chassis.http.access import OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.store.erasure import Statement
from services.alerts.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)


@router.get("/customers/{customer_id}/erasure")
async def read_erasure(customer_id: UUID, _caller: OpsOrAdmin, needs: Needs) -> Statement:
    """Read which erasures of a customer this service has received, and how many texts it holds now."""
    return await needs.queries.statement(customer_id)
