"""Erasures: the personal data of a customer or a key contact is deleted in every service."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code


class CustomerErased(Event):
    """The personal data of the customer was erased. Every service deletes it and accepts no new personal data.

    Data that is not personal remains: events, figures and the name of a company.
    """

    type: Literal["care.customer.erased.v1"] = "care.customer.erased.v1"
    reason: Code


class KeyContactErased(Event):
    """The personal data of a key contact was erased. Every service deletes it.

    `word_refs` are the references to all entries about the person in the vault of the customer service.
    """

    type: Literal["care.customer.key-contact-erased.v1"] = "care.customer.key-contact-erased.v1"
    key_contact_id: UUID
    reason: Code
    word_refs: tuple[UUID, ...] = ()


ErasureEvent = CustomerErased | KeyContactErased
