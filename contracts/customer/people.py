"""The key contacts of a customer."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code


class KeyContactDetails(Event):
    """The data of a key contact. Personal data is in the vault; `date_kinds` are the kinds of dates there."""

    key_contact_id: UUID
    role: Code | None = None
    is_decision_maker: bool = False
    name_ref: UUID
    phone_ref: UUID | None = None
    email_ref: UUID | None = None
    dates_ref: UUID | None = None
    date_kinds: tuple[Code, ...] = ()


class KeyContactAdded(KeyContactDetails):
    """A key contact was added to the customer."""

    type: Literal["care.customer.key-contact-added.v1"] = "care.customer.key-contact-added.v1"


class KeyContactChanged(KeyContactDetails):
    """A key contact was changed. The event contains all fields; an omitted field was removed."""

    type: Literal["care.customer.key-contact-changed.v1"] = "care.customer.key-contact-changed.v1"


class KeyContactRemoved(Event):
    """A key contact was removed from the customer."""

    type: Literal["care.customer.key-contact-removed.v1"] = "care.customer.key-contact-removed.v1"
    key_contact_id: UUID


PeopleEvent = KeyContactAdded | KeyContactChanged | KeyContactRemoved
