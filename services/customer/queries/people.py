"""The views of key contacts: with personal data for those who may see it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.store.vault import PersonalData
from contracts.customer import KeyContactDetails
from services.customer.commands.people import DATES
from services.customer.commands.personal_data import ImportantDate

REFS = ("name_ref", "phone_ref", "email_ref", "dates_ref")


class KeyContactView(BaseModel):
    """A key contact. `is_withheld`: this caller may not see personal data; only the kinds of dates are shown."""

    id: UUID
    role: str | None
    is_decision_maker: bool
    date_kinds: list[str]
    name: str | None
    phone: str | None
    email: str | None
    dates: list[ImportantDate]
    is_withheld: bool


def refs_of(contacts: Iterable[KeyContactDetails]) -> list[UUID]:
    """Return the vault references of these contacts."""
    found: Iterable[UUID | None] = (getattr(contact, ref) for contact in contacts for ref in REFS)
    return [ref for ref in found if ref is not None]


def key_contact_view(contact: KeyContactDetails, words: PersonalData | None) -> KeyContactView:
    """Return the view of a contact. Personal data is withheld if `words` is None."""
    values: dict[str, Any] = {ref.removesuffix("_ref"): (words or {}).get(getattr(contact, ref)) for ref in REFS}
    return KeyContactView(
        **contact.model_dump(include={"role", "is_decision_maker"}),
        **values | {"dates": list(DATES.validate_json(values["dates"] or "[]"))},
        id=contact.key_contact_id,
        date_kinds=list(contact.date_kinds),
        is_withheld=words is None,
    )
