"""The rules of contact forms: the fields of a contact must match the form in force."""

from collections.abc import Iterator, Sequence
from datetime import date

from chassis.versions.decider import Kind
from contracts.followup import ContactFormPublished
from contracts.followup.contact_form import FieldKind, FormField
from services.followup.commands.contact import FieldInput

# JSON Pointer, rule, and message in English and in Chinese.
FieldProblem = tuple[str, str, str, str]

CONTACT_FORM: Kind[ContactFormPublished] = Kind(("contact-form",), name_field="purpose")


def field_problems(form: ContactFormPublished | None, values: Sequence[FieldInput]) -> Iterator[FieldProblem]:
    """Yield each way in which the fields of a contact do not match the form."""
    known = {field.name: field for field in form.fields} if form else {}
    seen: set[str] = set()
    for index, each in enumerate(values):
        field = known.get(each.name)
        if field is None:
            yield f"/fields/{index}/name", "field-unknown", *unknown(each.name, known)
        elif each.name in seen:
            yield f"/fields/{index}/name", "field-twice", f"{each.name} occurs twice.", f"{each.name} 出现了两次。"
        elif not fits(field, each.value):
            yield f"/fields/{index}/value", "field-unfit", *expectation(field)
        seen.add(each.name)
    for name, field in known.items():
        if field.required and name not in seen:
            yield "/fields", "field-missing", f"{name} is required.", f"缺少必填字段 {name}。"


def fits(field: FormField, value: bool | float | str) -> bool:
    match field.kind, value:
        case FieldKind.BOOLEAN, bool():
            return True
        case FieldKind.TEXT, str():
            return True
        case FieldKind.NUMBER, bool():
            return False
        case FieldKind.NUMBER, int() | float():
            return True
        case FieldKind.CHOICE, str():
            return value in field.choices
        case FieldKind.DATE, str():
            return is_date(value)
        case _:
            return False


def is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def expectation(field: FormField) -> tuple[str, str]:
    match field.kind:
        case FieldKind.CHOICE:
            allowed = ", ".join(field.choices)
            return f"{field.name} must be one of: {allowed}.", f"{field.name} 应为以下之一：{allowed}。"
        case FieldKind.DATE:
            return f"{field.name} must be a date such as 2024-06-01.", f"{field.name} 应为日期，例如 2024-06-01。"
        case FieldKind.NUMBER:
            return f"{field.name} must be a number.", f"{field.name} 应为数字。"
        case FieldKind.BOOLEAN:
            return f"{field.name} must be true or false.", f"{field.name} 应为 true 或 false。"
        case FieldKind.TEXT:
            return f"{field.name} must be a text.", f"{field.name} 应为文本。"


def unknown(name: str, known: dict[str, FormField]) -> tuple[str, str]:
    allowed = ", ".join(known)
    return (
        f"The form for this purpose has no field {name}. Its fields: {allowed or 'none'}.",
        f"该目的的表单没有字段 {name}；可用字段：{allowed or '无'}。",
    )
