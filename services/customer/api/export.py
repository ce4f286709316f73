"""HTTP to export all data about a customer or a key contact."""

from uuid import UUID

from fastapi import APIRouter

from chassis.commands.problem import not_found
from chassis.http.access import OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.http.export import After, Export
from services.customer.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["erasure"], route_class=StrictRoute)


@router.get("/customers/{customer_id}/export")
async def export_customer(customer_id: UUID, caller: OpsOrAdmin, needs: Needs, after: After = 0) -> Export:
    """Export all data of this service about the customer and its duplicates, up to 1,000 events at a time."""
    state = (await needs.customers.load(customer_id)).state
    if not state.known:
        raise not_found()
    return await needs.exports.part([customer_id, *sorted(state.duplicate_ids)], None, after, caller)


@router.get("/customers/{customer_id}/key-contacts/{key_contact_id}/export")
async def export_key_contact(
    customer_id: UUID, key_contact_id: UUID, caller: OpsOrAdmin, needs: Needs, after: After = 0
) -> Export:
    """Export all data of this service about one key contact, also about a removed one."""
    state = (await needs.customers.load(customer_id)).state
    if key_contact_id not in state.personal_data_refs.keys() | state.erased_people:
        raise not_found()
    return await needs.exports.part([customer_id], key_contact_id, after, caller)
