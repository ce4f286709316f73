"""The vault: personal data (names, phones, addresses, free text), stored apart from the events that refer to it."""

from dataclasses import dataclass
from uuid import UUID

# The texts by reference. The key may be None, so that an optional reference can be looked up directly.
PersonalData = dict[UUID | None, str]


@dataclass(frozen=True, slots=True)
class VaultEntry:
    """One personal text: the `value` of `field`, about the customer `subject`."""

    id: UUID
    subject: UUID
    field: str
    value: str
