"""Somebody spoke with the customer."""

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
    """What contacts are commonly for, and what rules about purposes refer to. A contact may name any other code."""

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
    """Something kept elsewhere. Its address may tell of persons, so it stands in the vault."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Code
    uri_ref: UUID


class ContactLogged(Event):
    """Somebody spoke with the customer. An `automated` touch is one nobody made: it resets no silence.

    A `next_step` is owed by `next_step_due_at`: a task for it is scheduled together with this fact. `fields` are
    those of version `form_number` of the form for the purpose.
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
