"""Commands on key contacts: add, change, remove."""

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
        raise FieldError("there can be only one date of each kind", "每种日期只能有一个")
    return dates


Dates = Annotated[tuple[ImportantDate, ...], Field(max_length=MAX_DATES), AfterValidator(one_of_each_kind)]
DATES: TypeAdapter[tuple[ImportantDate, ...]] = TypeAdapter(Dates)


class KeyContact(FactCommand):
    """The complete data of a key contact. Name, phone, e-mail and dates are stored in the vault."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"name", "phone", "email"})

    name: Name
    role: Code | None = None
    is_decision_maker: bool = False
    phone: Phone | None = None
    email: Email | None = None
    dates: Dates = ()

    def personal_data(self) -> dict[str, str]:
        """Return the values for the vault; the dates are one text."""
        dates = {"dates": DATES.dump_json(self.dates).decode()} if self.dates else {}
        return {**super().personal_data(), **dates}


class AddKeyContact(KeyContact):
    key_contact_id: UUID


class ChangeKeyContact(KeyContact):
    """`known` are the vault references whose values do not change: they are kept."""

    key_contact_id: UUID
    known: frozenset[UUID] = frozenset()


class RemoveKeyContact(FactCommand):
    key_contact_id: UUID
