"""The rules of a contact form, published in whole versions: what a contact says must fit the one in force."""

from collections.abc import Iterator, Sequence
from datetime import date

from chassis.versions.decider import Kind
from contracts.followup import ContactFormPublished
from contracts.followup.contact_form import FieldKind, FormField
from services.followup.commands.contact import FieldGiven

# Where in the request the fault lies, its rule, and what is wrong, in English and in Chinese.
Fault = tuple[str, str, str, str]

CONTACT_FORM: Kind[ContactFormPublished] = Kind(("contact-form",), name_field="purpose")


def faults(form: ContactFormPublished | None, given: Sequence[FieldGiven]) -> Iterator[Fault]:
    """Yield what keeps the fields of a contact from fitting the form for its purpose."""
    known = {field.name: field for field in form.fields} if form else {}
    met: set[str] = set()
    for place, each in enumerate(given):
        field = known.get(each.name)
        if field is None:
            yield f"/fields/{place}/name", "field-unknown", *unknown(each.name, known)
        elif each.name in met:
            yield f"/fields/{place}/name", "field-twice", f"{each.name} stands twice.", f"{each.name} 出现了两次。"
        elif not fits(field, each.value):
            yield f"/fields/{place}/value", "field-unfit", *wanted(field)
        met.add(each.name)
    for name, field in known.items():
        if field.required and name not in met:
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


def wanted(field: FormField) -> tuple[str, str]:
    match field.kind:
        case FieldKind.CHOICE:
            offered = ", ".join(field.choices)
            return f"{field.name} is one of: {offered}.", f"{field.name} 应为以下之一：{offered}。"
        case FieldKind.DATE:
            return f"{field.name} is a date such as 2024-06-01.", f"{field.name} 应为日期，例如 2024-06-01。"
        case FieldKind.NUMBER:
            return f"{field.name} is a number.", f"{field.name} 应为数字。"
        case FieldKind.BOOLEAN:
            return f"{field.name} is true or false.", f"{field.name} 应为 true 或 false。"
        case FieldKind.TEXT:
            return f"{field.name} is a text.", f"{field.name} 应为文本。"


def unknown(name: str, known: dict[str, FormField]) -> tuple[str, str]:
    offered = ", ".join(known)
    return (
        f"The form for this purpose has no field {name}; it has: {offered or 'none'}.",
        f"该目的的表单没有字段 {name}；可用字段：{offered or '无'}。",
    )
