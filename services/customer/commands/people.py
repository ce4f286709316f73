"""Asking to keep, change or forget whom to speak to at a customer."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Field, TypeAdapter

from chassis.commands.command import FactCommand
from contracts.field_error import FieldError
from contracts.types import Code, Name
from services.customer.commands.personal_data import Email, ImportantDate, Phone

MAX_DATES = 12


def one_of_each_kind(dates: tuple[ImportantDate, ...]) -> tuple[ImportantDate, ...]:
    if len({each.kind for each in dates}) < len(dates):
        raise FieldError("there is one date of each kind", "每种日期只能有一个")
    return dates


Dates = Annotated[tuple[ImportantDate, ...], Field(max_length=MAX_DATES), AfterValidator(one_of_each_kind)]
DATES: TypeAdapter[tuple[ImportantDate, ...]] = TypeAdapter(Dates)


class KeyContact(FactCommand):
    """What is known of a person at the customer, whole. The person's words go to the vault, dates among them."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"name", "phone", "email"})

    name: Name
    role: Code | None = None
    is_decision_maker: bool = False
    phone: Phone | None = None
    email: Email | None = None
    dates: Dates = ()

    def personal_data(self) -> dict[str, str]:
        """Return the person's words; the dates are one text."""
        dates = {"dates": DATES.dump_json(self.dates).decode()} if self.dates else {}
        return {**super().personal_data(), **dates}


class AddKeyContact(KeyContact):
    key_contact_id: UUID


class ChangeKeyContact(KeyContact):
    """`known` are the vault's entries that hold the very words asked for: they stay, and are no change."""

    key_contact_id: UUID
    known: frozenset[UUID] = frozenset()


class RemoveKeyContact(FactCommand):
    key_contact_id: UUID
