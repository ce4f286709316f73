"""HTTP for a customer's numbers in other systems."""

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.http.body import StrictRoute
from chassis.http.responses import Accepted, answer
from services.customer import commands
from services.customer.api.access import Anyone
from services.customer.api.customers import handled_for
from services.customer.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)


@router.post("/customers/{customer_id}/references", response_model=Accepted)
async def add_reference(customer_id: UUID, command: commands.AddReference, caller: Anyone, needs: Needs) -> Response:
    """Add a number of the customer in another system. A number that belongs to another customer is rejected."""
    number_id = needs.pseudonyms.customer(command.reference.system, command.reference.id)
    reserve = commands.ReserveReference(**dict(command), customer_id=customer_id)
    # A customer that was registered under the number already has it: the two streams are the same.
    linked = [needs.customers.linked(number_id, reserve)] if number_id != customer_id else []
    handled = await handled_for(customer_id, command, caller, needs, linked)
    return answer(handled, f"/v1/customers/{customer_id}")
