"""Somebody spoke with the customer."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code, EmployeeId


class Channel(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    VISIT = "visit"
    WECHAT = "wechat"
    GROUP = "group"
    EVENT = "event"
    OTHER = "other"


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class ContactLogged(Event):
    """Somebody spoke with the customer. An `automated` touch is one nobody made: it resets no silence."""

    type: Literal["care.followup.contact-logged.v1"] = "care.followup.contact-logged.v1"
    channel: Channel
    direction: Direction
    employee_id: EmployeeId
    automated: bool = False
    purpose: Code | None = None
    outcome: Code | None = None
    content_ref: UUID | None = None
    task_id: UUID | None = None


ContactEvent = ContactLogged
