"""Commands to erase personal data."""

from uuid import UUID

from chassis.commands.command import Command
from contracts.types import Code


class Erase(Command):
    """`reason` is the ground for the erasure, such as `asked-by-person` or `retention-over`."""

    reason: Code


class EraseCustomer(Erase):
    """Erase all personal data about the customer, and accept none from then on.

    `survivor_id` is given for a duplicate, which is erased together with the customer that it was merged into.
    """

    survivor_id: UUID | None = None


class EraseKeyContact(Erase):
    """Erase all personal data about one key contact, also about a removed one."""

    key_contact_id: UUID
