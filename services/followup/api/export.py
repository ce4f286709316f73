"""HTTP for the data export of a customer or key contact."""

from uuid import UUID

from fastapi import APIRouter

from chassis.commands.problem import not_found
from chassis.http.access import OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.http.export import After, Export
from services.followup.dependencies import Dependencies, Needs

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)


@router.get("/customers/{customer_id}/export")
async def export_customer(customer_id: UUID, caller: OpsOrAdmin, needs: Needs, after: After = 0) -> Export:
    """Export all data that this service holds on the customer and its duplicates, up to 1,000 events per part."""
    return await needs.exports.part(await ids_of(customer_id, needs), None, after, caller)


@router.get("/customers/{customer_id}/key-contacts/{key_contact_id}/export")
async def export_key_contact(
    customer_id: UUID, key_contact_id: UUID, caller: OpsOrAdmin, needs: Needs, after: After = 0
) -> Export:
    """Export every contact and survey of the key contact. Each part covers up to 1,000 events of the customer."""
    return await needs.exports.part(await ids_of(customer_id, needs), key_contact_id, after, caller)


async def ids_of(customer_id: UUID, needs: Dependencies) -> list[UUID]:
    """Return all ids of the customer; the id of a merged duplicate is accepted too."""
    if await needs.customers.find(customer_id) is None:
        raise not_found()
    return await needs.customers.ids_of(customer_id)
