"""Which fields a contact for a purpose has beside those of every contact: data, in whole versions (ADR 0008)."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.types import Code
from contracts.version import Published

MAX_FIELDS = 30
MAX_CHOICES = 50


class FieldKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    BOOLEAN = "boolean"


class FormField(BaseModel):
    """A field of a form. What is said in a `personal` one stands in the vault, and so does every text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Code
    kind: FieldKind
    required: bool = False
    choices: Annotated[tuple[Code, ...], Field(max_length=MAX_CHOICES)] = ()
    personal: bool = False


class FieldValue(BaseModel):
    """What a contact says in a field: the value itself, or where it stands in the vault."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    name: Code
    value: bool | int | float | str | None = None
    value_ref: UUID | None = None


class ContactFormPublished(Published):
    """A whole new version of the form for `purpose`. Its subject is the form itself, not a customer."""

    type: Literal["care.followup.contact-form-published.v1"] = "care.followup.contact-form-published.v1"
    purpose: Code
    fields: Annotated[tuple[FormField, ...], Field(max_length=MAX_FIELDS)]


ContactFormEvent = ContactFormPublished
