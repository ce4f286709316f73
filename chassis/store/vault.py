"""The vault: names, phones and free text, kept apart from the events that refer to them."""

from dataclasses import dataclass
from uuid import UUID

# Texts by the reference that stands for them; a reference that is not set has none.
Words = dict[UUID | None, str]


@dataclass(frozen=True, slots=True)
class VaultEntry:
    """One personal text: `value` of `field`, belonging to the customer `subject`."""

    id: UUID
    subject: UUID
    field: str
    value: str
