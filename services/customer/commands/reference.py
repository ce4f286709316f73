"""References to numbers in other systems."""

from uuid import UUID

from chassis.commands.command import FactCommand, RequestModel
from contracts.types import Code, Word


class ExternalReference(RequestModel):
    """A number in another system."""

    system: Code
    id: Word


class AddReference(FactCommand):
    """Add a number of the customer in another system."""

    reference: ExternalReference


class ReserveReference(AddReference):
    """To the stream of the number: reserve it for this customer."""

    customer_id: UUID
