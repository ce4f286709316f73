"""HTTP for key contacts, the persons at a customer."""

from uuid import UUID

import uuid_utils.compat as uuid_utils
from fastapi import APIRouter, Response

from chassis.commands.problem import not_found
from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.responses import Accepted, answer, etag
from services.customer import commands
from services.customer.api.access import Anyone, Reader, may_see_personal_data, require_current
from services.customer.api.customers import handled_for
from services.customer.dependencies import Dependencies, Needs
from services.customer.queries.people import KeyContactView

router = APIRouter(prefix="/v1", tags=["key contacts"], route_class=StrictRoute)


@router.post("/customers/{customer_id}/key-contacts", response_model=Accepted)
async def add_key_contact(customer_id: UUID, contact: commands.KeyContact, caller: Anyone, needs: Needs) -> Response:
    """Add a key contact. `Location` is the address of the new key contact."""
    key_contact_id = new_id(caller, needs)
    command = commands.AddKeyContact(**dict(contact), key_contact_id=key_contact_id)
    handled = await handled_for(customer_id, command, caller, needs)
    return answer(handled, address(customer_id, key_contact_id))


@router.put("/customers/{customer_id}/key-contacts/{key_contact_id}", response_model=Accepted)
async def change_key_contact(
    customer_id: UUID, key_contact_id: UUID, contact: commands.KeyContact, caller: Anyone, needs: Needs
) -> Response:
    """Replace the data of a key contact. Omitted fields are deleted."""
    command = commands.ChangeKeyContact(**dict(contact), key_contact_id=key_contact_id)
    known = await unchanged_refs(customer_id, command, needs)
    handled = await handled_for(customer_id, command.model_copy(update={"known": known}), caller, needs)
    return answer(handled, address(customer_id, key_contact_id))


@router.delete("/customers/{customer_id}/key-contacts/{key_contact_id}", response_model=Accepted)
async def remove_key_contact(customer_id: UUID, key_contact_id: UUID, caller: Anyone, needs: Needs) -> Response:
    """Remove the key contact."""
    command = commands.RemoveKeyContact(key_contact_id=key_contact_id)
    handled = await handled_for(customer_id, command, caller, needs)
    return answer(handled, f"/v1/customers/{customer_id}")


@router.get("/customers/{customer_id}/key-contacts/{key_contact_id}")
async def read_key_contact(
    customer_id: UUID, key_contact_id: UUID, caller: Reader, needs: Needs, response: Response
) -> KeyContactView:
    """Read a key contact. Owner, helpers, leader, ops and admin see its personal data."""
    loaded = await needs.customers.load(customer_id)
    require_current(loaded.state)
    caller.require(loaded.state.holders)
    contact = loaded.state.key_contacts.get(key_contact_id)
    if contact is None:
        raise not_found()
    response.headers["ETag"] = etag(loaded.version)
    [view] = await needs.queries.key_contacts(
        [contact], show_personal_data=may_see_personal_data(caller, loaded.state.holders)
    )
    return view


async def unchanged_refs(customer_id: UUID, command: commands.ChangeKeyContact, needs: Dependencies) -> frozenset[UUID]:
    """Return the vault references whose values are the same as in the command."""
    contact = (await needs.customers.load(customer_id)).state.key_contacts.get(command.key_contact_id)
    if contact is None:
        return frozenset()
    stated = command.personal_data()
    refs = {name: ref for name in stated if (ref := getattr(contact, f"{name}_ref"))}
    words = await needs.queries.words(refs.values())
    return frozenset(ref for name, ref in refs.items() if words.get(ref) == stated[name])


def new_id(caller: Caller, needs: Dependencies) -> UUID:
    """Return the id of the new key contact: the same for a retry under the same idempotency key."""
    context = caller.context
    # In hex, because case is folded before an id is derived, and keys that differ in case are different keys.
    return needs.pseudonyms.derived("request", context.key.encode().hex()) if context.retryable else uuid_utils.uuid7()


def address(customer_id: UUID, key_contact_id: UUID) -> str:
    return f"/v1/customers/{customer_id}/key-contacts/{key_contact_id}"
