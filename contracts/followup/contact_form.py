"""Versions of contact forms: the additional fields of contacts with a given purpose (ADR 0008)."""

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
    """A field of a form. Values of `personal` fields and of text fields are stored in the vault."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Code
    kind: FieldKind
    required: bool = False
    choices: Annotated[tuple[Code, ...], Field(max_length=MAX_CHOICES)] = ()
    personal: bool = False


class FieldValue(BaseModel):
    """The value of a form field: either `value`, or `value_ref`, the reference to the vault."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    name: Code
    value: bool | int | float | str | None = None
    value_ref: UUID | None = None


class ContactFormPublished(Published):
    """A new version of the contact form for `purpose` was published. The subject is the form, not a customer."""

    type: Literal["care.followup.contact-form-published.v1"] = "care.followup.contact-form-published.v1"
    purpose: Code
    fields: Annotated[tuple[FormField, ...], Field(max_length=MAX_FIELDS)]


ContactFormEvent = ContactFormPublished
