"""The numbers of a customer in other systems."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code, Word


class ReferenceAdded(Event):
    """A number in another system was added to the customer."""

    type: Literal["care.customer.reference-added.v1"] = "care.customer.reference-added.v1"
    external_system: Code
    external_id: Word


class ReferenceReserved(Event):
    """A number in another system was reserved for one customer. Recorded in the stream of the number (ADR 0010)."""

    type: Literal["care.customer.reference-reserved.v1"] = "care.customer.reference-reserved.v1"
    external_system: Code
    external_id: Word
    customer_id: UUID


ReferenceEvent = ReferenceAdded | ReferenceReserved
