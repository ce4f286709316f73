"""The command to publish a contact form, validated before it reaches the rules."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from chassis.versions.decider import Publication
from contracts.field_error import FieldError
from contracts.followup.contact_form import MAX_FIELDS, FieldKind, FormField


class FormFieldInput(FormField):
    """A field of a form. A field of kind `choice` has `choices`; no other field has them."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _has_choices_if_needed(self) -> Self:
        if (self.kind is FieldKind.CHOICE) != bool(self.choices):
            raise FieldError(
                "a field of kind choice must have choices; other fields must not",
                "choice 类型的字段须有选项，其他类型不能有",
                "choices",
            )
        return self


class ContactForm(Publication):
    """The fields of contacts for a purpose."""

    fields: Annotated[tuple[FormFieldInput, ...], Field(max_length=MAX_FIELDS)]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if len({field.name for field in self.fields}) != len(self.fields):
            raise FieldError("field names must be unique", "字段名不能重复", "fields")
        return self
