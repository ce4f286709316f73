"""HTTP for giving out everything that is held on somebody here."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from chassis.access import Allow, Caller
from chassis.auth import Role
from chassis.body import StrictRoute
from chassis.export import After, Export
from services.followup.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)

Keeper = Annotated[Caller, Depends(Allow(anywhere={Role.OPS, Role.ADMIN}, own=()))]


@router.get("/customers/{customer_id}/export")
async def export(customer_id: UUID, caller: Keeper, needs: Needs, after: After = 0) -> Export:
    """Read everything that this service holds on the customer, up to 1,000 facts at a time, with their words."""
    await needs.customers.require(customer_id)
    return await needs.exports.part(customer_id, None, after, caller)


@router.get("/customers/{customer_id}/key-contacts/{key_contact_id}/export")
async def export_key_contact(
    customer_id: UUID, key_contact_id: UUID, caller: Keeper, needs: Needs, after: After = 0
) -> Export:
    """Read every contact that names the key contact, looking at up to 1,000 facts at a time."""
    await needs.customers.require(customer_id)
    return await needs.exports.part(customer_id, key_contact_id, after, caller)
