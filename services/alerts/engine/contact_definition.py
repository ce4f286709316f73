"""What counts as a contact by a person: data, by channel, direction, outcome and employee."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from contracts.followup import Channel, ContactLogged, Direction
from contracts.types import Code, EmployeeId


class ContactDefinition(BaseModel):
    """A contact counts unless one of these excludes it. What does not count is an attempt: it ends no silence.

    `outcomes` are the outcomes of attempts that reached nobody. Empty `channels` or `directions` mean all of them.
    `accounts` are employee ids of programs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    automated: bool = False
    outcomes: frozenset[Code] = frozenset()
    channels: frozenset[Channel] = frozenset()
    directions: frozenset[Direction] = frozenset()
    accounts: frozenset[EmployeeId] = frozenset()

    def counts(self, contact: ContactLogged) -> bool:
        """Return whether a contact ends a silence."""
        if contact.automated and not self.automated:
            return False
        if contact.outcome in self.outcomes or contact.employee_id in self.accounts:
            return False
        is_channel = not self.channels or contact.channel in self.channels
        return is_channel and (not self.directions or contact.direction in self.directions)


# The outcomes of the standard words for "nobody was reached".
HUMAN_CONTACT: Final = ContactDefinition(
    version=1,
    outcomes=frozenset({"not-reached", "no-answer", "busy", "voicemail", "wrong-number", "bounced"}),
)
