"""Whom to speak to at a customer."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code


class KeyContactStated(Event):
    """All that is known of a key contact. Words stand in the vault; of important dates only the kinds are told."""

    key_contact_id: UUID
    role: Code | None = None
    is_decision_maker: bool = False
    name_ref: UUID
    phone_ref: UUID | None = None
    email_ref: UUID | None = None
    dates_ref: UUID | None = None
    date_kinds: tuple[Code, ...] = ()


class KeyContactAdded(KeyContactStated):
    """Somebody at the customer became known."""

    type: Literal["care.customer.key-contact-added.v1"] = "care.customer.key-contact-added.v1"


class KeyContactChanged(KeyContactStated):
    """What is known from now on, whole: an absent field is known no longer."""

    type: Literal["care.customer.key-contact-changed.v1"] = "care.customer.key-contact-changed.v1"


class KeyContactRemoved(Event):
    """The person is no longer somebody to speak to at this customer."""

    type: Literal["care.customer.key-contact-removed.v1"] = "care.customer.key-contact-removed.v1"
    key_contact_id: UUID


PeopleEvent = KeyContactAdded | KeyContactChanged | KeyContactRemoved
