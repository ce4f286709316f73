"""HTTP for erasures of personal data, and their certificates."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response

from chassis.commands.decision import LinkedCommand
from chassis.commands.problem import not_found
from chassis.http.access import Caller, OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.http.responses import Accepted, answer
from chassis.http.streams import type_of
from contracts.customer import CustomerErased, KeyContactErased
from services.customer import commands
from services.customer.api.customers import handled_for
from services.customer.dependencies import Dependencies, Needs
from services.customer.queries.erasures import Certificate, certificate

router = APIRouter(prefix="/v1", tags=["erasure"], route_class=StrictRoute)

TYPES = [type_of(each) for each in (CustomerErased, KeyContactErased)]


@router.post("/customers/{customer_id}/erasure", response_model=Accepted)
async def erase_customer(customer_id: UUID, request: commands.Erase, caller: OpsOrAdmin, needs: Needs) -> Response:
    """Erase all personal data about the customer, permanently and in every service. Events stay without it."""
    command = commands.EraseCustomer(reason=request.reason)
    duplicate_ids = (await needs.customers.load(customer_id)).state.duplicate_ids
    # Personal data under the ids of its duplicates is about the same person.
    of_duplicate = commands.EraseCustomer(reason=request.reason, survivor_id=customer_id)
    linked = [needs.customers.linked(each, of_duplicate, subject=each) for each in sorted(duplicate_ids)]
    return await handle(customer_id, command, caller, needs, linked)


@router.post("/customers/{customer_id}/key-contacts/{key_contact_id}/erasure", response_model=Accepted)
async def erase_key_contact(
    customer_id: UUID, key_contact_id: UUID, request: commands.Erase, caller: OpsOrAdmin, needs: Needs
) -> Response:
    """Erase all personal data about one key contact, permanently and in every service."""
    command = commands.EraseKeyContact(reason=request.reason, key_contact_id=key_contact_id)
    return await handle(customer_id, command, caller, needs)


async def handle(
    customer_id: UUID,
    command: commands.Erase,
    caller: Caller,
    needs: Dependencies,
    linked: Sequence[LinkedCommand] = (),
) -> Response:
    handled = await handled_for(customer_id, command, caller, needs, linked)
    await needs.erasure.run_due()
    return answer(handled, f"/v1/customers/{customer_id}/erasure")


@router.get("/customers/{customer_id}/erasure")
async def read_erasure(customer_id: UUID, _caller: OpsOrAdmin, needs: Needs) -> Certificate:
    """Read which services have erased the data, and when. Missing answers are empty."""
    ids = [customer_id, *sorted((await needs.customers.load(customer_id)).state.duplicate_ids)]
    rows = (row for each in ids async for row in needs.store.read_stream(each, types=TYPES))
    facts = [needs.mapper.to_envelope(row) async for row in rows]
    found = await certificate(needs.pool, customer_id, facts)
    if not found.erasures:
        raise not_found()
    return found
