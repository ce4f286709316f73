"""How other systems name what they tell of."""

from uuid import UUID

from chassis.commands.command import FactCommand, RequestModel
from contracts.types import Code, Word


class ExternalReference(RequestModel):
    """The number under which another system knows this."""

    system: Code
    id: Word


class AddReference(FactCommand):
    """The customer is known to another system under this number, too."""

    reference: ExternalReference


class ReserveReference(AddReference):
    """Asked of the number's own stream: let it lead to this customer and to no other."""

    customer_id: UUID
