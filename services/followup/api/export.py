"""HTTP for giving out everything that is held on somebody here."""

from uuid import UUID

from fastapi import APIRouter

from chassis.commands.problem import not_found
from chassis.http.access import OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.http.export import After, Export
from services.followup.dependencies import Dependencies, Needs

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)


@router.get("/customers/{customer_id}/export")
async def export(customer_id: UUID, caller: OpsOrAdmin, needs: Needs, after: After = 0) -> Export:
    """Read everything that is held on the customer here and on its duplicates, up to 1,000 facts at a time."""
    return await needs.exports.part(await ids_of(customer_id, needs), None, after, caller)


@router.get("/customers/{customer_id}/key-contacts/{key_contact_id}/export")
async def export_key_contact(
    customer_id: UUID, key_contact_id: UUID, caller: OpsOrAdmin, needs: Needs, after: After = 0
) -> Export:
    """Read every contact that names the key contact, looking at up to 1,000 facts at a time."""
    return await needs.exports.part(await ids_of(customer_id, needs), key_contact_id, after, caller)


async def ids_of(customer_id: UUID, needs: Dependencies) -> list[UUID]:
    """Return every id of the customer; one that was merged may be asked about by itself, too."""
    if await needs.customers.find(customer_id) is None:
        raise not_found()
    return await needs.customers.ids_of(customer_id)
