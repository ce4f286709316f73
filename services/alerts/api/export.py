"""HTTP to export all data of this service about a customer."""

from uuid import UUID

from fastapi import APIRouter

from chassis.http.access import OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.http.export import After, Export
from services.alerts.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)


@router.get("/customers/{customer_id}/export")
async def export_customer(customer_id: UUID, caller: OpsOrAdmin, needs: Needs, after: After = 0) -> Export:
    """Export all data of this service about the customer and its duplicates, up to 1,000 events at a time."""
    return await needs.exports.part(await needs.directory.ids_of(customer_id), None, after, caller)
