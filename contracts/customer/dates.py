"""Reminders of yearly dates of key contacts, such as birthdays."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code, Day


class ImportantDateApproaching(Event):
    """A yearly date of a key contact, such as a birthday, is some days ahead. `on` is the day it falls on."""

    type: Literal["care.customer.important-date-approaching.v1"] = "care.customer.important-date-approaching.v1"
    key_contact_id: UUID
    kind: Code
    on: Day


DateEvent = ImportantDateApproaching
