"""Forms of contacts in examples, and what fits them."""

from typing import Any

import pytest
from pydantic import ValidationError

from contracts.examples import CUSTOMER_ID, OWNER
from contracts.followup import Channel, ContactFormPublished, Direction, FieldKind, FieldValue, FormField
from contracts.followup.contact_form import MAX_CHOICES, MAX_FIELDS
from services.followup.commands import ContactForm, LogContact
from services.followup.commands.contact import FieldInput
from services.followup.commands.contact_form import FormFieldInput
from services.followup.domain.contact import CONTACT, decide
from services.followup.domain.contact_form import field_problems

RIVALS = {"name": "rivals", "kind": "number", "required": True}
FORM = ContactFormPublished(
    purpose="visit",
    number=3,
    fields=(
        FormField(name="people", kind=FieldKind.NUMBER, required=True),
        FormField(name="seen", kind=FieldKind.DATE),
        FormField(name="mood", kind=FieldKind.CHOICE, choices=("good", "bad"), personal=True),
        FormField(name="again", kind=FieldKind.BOOLEAN),
        FormField(name="note", kind=FieldKind.TEXT),
    ),
)


def given(**fields: bool | float | str) -> tuple[FieldInput, ...]:
    return tuple(FieldInput(name=name, value=value) for name, value in fields.items())


def visit(*fields: FieldInput) -> LogContact:
    return LogContact(
        channel=Channel.VISIT, direction=Direction.OUTBOUND, employee_id=OWNER, purpose="visit", fields=fields
    ).with_form(FORM)


@pytest.mark.parametrize(
    "fields",
    [
        [{"name": "mood", "kind": "choice"}],
        [{"name": "people", "kind": "number", "choices": ["one"]}],
        [RIVALS, RIVALS],
        [{"name": f"f{number}", "kind": "text"} for number in range(MAX_FIELDS + 1)],
        [{"name": "mood", "kind": "choice", "choices": [f"c{number}" for number in range(MAX_CHOICES + 1)]}],
    ],
)
def test_a_form_that_makes_no_sense_is_refused(fields: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        ContactForm.model_validate({"fields": fields})


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (given(people=2, seen="2024-06-01", mood="good", again=True, note="很好"), []),
        (given(people=2.5), []),
        (given(people=True), [("/fields/0/value", "field-unfit")]),
        (given(people=2, seen="2024-6-1"), [("/fields/1/value", "field-unfit")]),
        (given(people=2, seen="2024-02-30"), [("/fields/1/value", "field-unfit")]),
        (given(people=2, mood="fair"), [("/fields/1/value", "field-unfit")]),
        (given(people=2, again="yes"), [("/fields/1/value", "field-unfit")]),
        (given(people=2, note=3), [("/fields/1/value", "field-unfit")]),
        (given(people=2, size=3), [("/fields/1/name", "field-unknown")]),
        (given(people=2) * 2, [("/fields/1/name", "field-twice")]),
        ((), [("/fields", "field-missing")]),
    ],
)
def test_each_field_that_does_not_fit_is_named(fields: tuple[FieldInput, ...], found: list[tuple[str, str]]) -> None:
    assert [(pointer, rule) for pointer, rule, _, _ in field_problems(FORM, fields)] == found


def test_without_a_form_there_are_no_fields() -> None:
    assert [rule for _, rule, _, _ in field_problems(None, given(people=2))] == ["field-unknown"]
    assert not list(field_problems(None, ()))


def test_what_is_personal_and_every_text_stands_in_the_vault() -> None:
    asked = visit(*given(people=2, mood="good", note="很好"))
    (logged,) = decide(CONTACT.initial, asked)
    assert logged.form_number == 3
    assert logged.fields == (
        FieldValue(name="people", value=2),
        FieldValue(name="mood", value_ref=asked.vault_ref("field-mood")),
        FieldValue(name="note", value_ref=asked.vault_ref("field-note")),
    )
    assert [entry.value for entry in asked.vault_entries(CUSTOMER_ID)] == ["good", "很好"]


def test_choices_belong_to_a_choice() -> None:
    assert FormFieldInput(name="mood", kind=FieldKind.CHOICE, choices=("good",)).choices == ("good",)
