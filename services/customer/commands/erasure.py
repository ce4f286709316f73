"""Asking for a person's words to go."""

from uuid import UUID

from chassis.commands.command import Command
from contracts.types import Code


class Erase(Command):
    """`reason` says on what ground: asked-by-person, say, or retention-over."""

    reason: Code


class EraseCustomer(Erase):
    """Let every personal word about the customer go, and take none any more."""


class EraseKeyContact(Erase):
    """Let every personal word about one key contact go, of one who was removed before, too."""

    key_contact_id: UUID
