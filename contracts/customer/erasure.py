"""A person's words are to go, everywhere."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code


class CustomerErased(Event):
    """Every personal word about the customer is to go from each service that holds one, and none may come any more.

    What is known without words stands: facts, figures, a company's name.
    """

    type: Literal["care.customer.erased.v1"] = "care.customer.erased.v1"
    reason: Code


class KeyContactErased(Event):
    """Every personal word about one key contact is to go; `word_refs` are all that the customer service ever took."""

    type: Literal["care.customer.key-contact-erased.v1"] = "care.customer.key-contact-erased.v1"
    key_contact_id: UUID
    reason: Code
    word_refs: tuple[UUID, ...] = ()


ErasureEvent = CustomerErased | KeyContactErased
