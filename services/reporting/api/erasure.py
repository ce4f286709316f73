"""HTTP to read the erasures of a customer that this service has received."""

from uuid import UUID

from fastapi import APIRouter

from chassis.http.access import OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.store.erasure import Statement
from services.reporting.dependencies import Needs
from services.reporting.queries import erasures
from services.reporting.queries.snapshot import snapshot

router = APIRouter(prefix="/v1", tags=["reading"], route_class=StrictRoute)


@router.get("/customers/{customer_id}/erasure")
async def read_erasure(customer_id: UUID, _caller: OpsOrAdmin, needs: Needs) -> Statement:
    """Read which erasures of a customer this service has received. It stores no personal data."""
    async with snapshot(needs.pool) as held:
        return await erasures.statement(held, customer_id)
