"""The numbers under which other systems know a customer."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code, Word


class ReferenceAdded(Event):
    """The system knows the customer under this number, too."""

    type: Literal["care.customer.reference-added.v1"] = "care.customer.reference-added.v1"
    external_system: Code
    external_id: Word


class ReferenceReserved(Event):
    """The number leads to this customer and to no other. It stands in the number's own stream (ADR 0010)."""

    type: Literal["care.customer.reference-reserved.v1"] = "care.customer.reference-reserved.v1"
    external_system: Code
    external_id: Word
    customer_id: UUID


ReferenceEvent = ReferenceAdded | ReferenceReserved
