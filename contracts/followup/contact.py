"""Contacts with a customer."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.event import Event
from contracts.followup.contact_form import FieldValue
from contracts.types import Code, EmployeeId, Instant


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


class Purpose(StrEnum):
    """The standard purposes of contacts, which rules refer to. A contact may have any other code as purpose."""

    INTRO = "intro"
    QUOTE = "quote"
    CLOSE_PUSH = "close-push"
    TRAINING = "training"
    VISIT = "visit"
    CARE = "care"
    GREETING = "greeting"
    CALLBACK = "callback"
    RENEWAL = "renewal"
    COMPLAINT = "complaint"
    SURVEY = "survey"
    OTHER = "other"


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Attachment(BaseModel):
    """A file in another system. Its URI may contain personal data, so it is in the vault."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Code
    uri_ref: UUID


class ContactLogged(Event):
    """A contact with the customer was logged. An `automated` contact, such as a mailing, does not end a silence.

    If there is a `next_step`, a task that is due at `next_step_due_at` is scheduled in the same commit. `fields` are
    the values of the contact form of the purpose, in version `form_number`.
    """

    type: Literal["care.followup.contact-logged.v1"] = "care.followup.contact-logged.v1"
    channel: Channel
    direction: Direction
    employee_id: EmployeeId
    automated: bool = False
    purpose: Code | None = None
    outcome: Code | None = None
    content_ref: UUID | None = None
    task_id: UUID | None = None
    goal_ref: UUID | None = None
    sentiment: Sentiment | None = None
    key_contact_id: UUID | None = None
    attachments: tuple[Attachment, ...] = ()
    next_step: Code | None = None
    next_step_due_at: Instant | None = None
    form_number: int | None = None
    fields: tuple[FieldValue, ...] = ()


ContactEvent = ContactLogged
