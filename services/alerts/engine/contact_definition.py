"""What counts as a contact by a person: data, by channel, direction, outcome and employee, in versions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from contracts.alerts import ContactDefinitionPublished
from contracts.followup import Channel, ContactLogged, Direction
from contracts.types import Code, EmployeeId


@dataclass(frozen=True, slots=True)
class ContactDefinition:
    """A contact counts unless one of these excludes it. What does not count is an attempt: it ends no silence.

    `outcomes` are the outcomes of attempts that reached nobody. Empty `channels` or `directions` mean all of them.
    `accounts` are employee ids of programs.
    """

    automated: bool
    outcomes: frozenset[Code]
    channels: frozenset[Channel]
    directions: frozenset[Direction]
    accounts: frozenset[EmployeeId]

    @classmethod
    def of(cls, version: ContactDefinitionPublished) -> Self:
        return cls(
            version.automated,
            frozenset(version.outcomes),
            frozenset(version.channels),
            frozenset(version.directions),
            frozenset(version.accounts),
        )

    def counts(self, contact: ContactLogged) -> bool:
        """Return whether a contact ends a silence."""
        if contact.automated and not self.automated:
            return False
        if contact.outcome in self.outcomes or contact.employee_id in self.accounts:
            return False
        is_channel = not self.channels or contact.channel in self.channels
        return is_channel and (not self.directions or contact.direction in self.directions)


# The outcomes of the standard words for "nobody was reached".
HUMAN_CONTACT: Final = ContactDefinitionPublished(
    number=1,
    outcomes=("bounced", "busy", "no-answer", "not-reached", "voicemail", "wrong-number"),
    reason="Shipped with the product",
)


@dataclass(frozen=True, slots=True)
class ContactDefinitions:
    """The shipped definition, and those that were published, each with the instant it applies from, newest first."""

    shipped: ContactDefinition
    published: tuple[tuple[datetime, ContactDefinition], ...] = ()

    def at(self, recorded_at: datetime) -> ContactDefinition:
        """Return the definition for contacts that were recorded at an instant."""
        for since, definition in self.published:
            if since <= recorded_at:
                return definition
        return self.shipped


SHIPPED_CONTACTS: Final = ContactDefinitions(ContactDefinition.of(HUMAN_CONTACT))


def definitions_of(versions: Iterable[tuple[datetime, ContactDefinitionPublished]]) -> ContactDefinitions:
    """Return the definitions after versions, each with the instant it was recorded, in the order of their numbers.

    A version replaces all earlier ones from the instant on from which it is in force.
    """
    known: list[tuple[datetime, ContactDefinition]] = []
    for recorded_at, version in versions:
        since = version.effective_from or recorded_at
        known = [(since, ContactDefinition.of(version)), *(each for each in known if each[0] < since)]
    return ContactDefinitions(SHIPPED_CONTACTS.shipped, tuple(known))
