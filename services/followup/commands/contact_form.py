"""Publishing the form of contacts for a purpose: a whole new version, checked before it is one."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from chassis.versions.decider import Publication
from contracts.field_error import FieldError
from contracts.followup.contact_form import MAX_FIELDS, FieldKind, FormField


class FormFieldGiven(FormField):
    """A field of a form. Only a field of kind `choice` has `choices`, and it has some."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _choices_where_there_is_a_choice(self) -> Self:
        if (self.kind is FieldKind.CHOICE) != bool(self.choices):
            raise FieldError(
                "a field of kind choice has choices, and no other field has",
                "choice 类型的字段须有选项，其他类型不能有",
                "choices",
            )
        return self


class ContactForm(Publication):
    """The fields that contacts for a purpose have from now on."""

    fields: Annotated[tuple[FormFieldGiven, ...], Field(max_length=MAX_FIELDS)]

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        if len({field.name for field in self.fields}) != len(self.fields):
            raise FieldError("each field has a name of its own", "字段名不能重复", "fields")
        return self
