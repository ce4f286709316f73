"""Asking that a customer passes from one owner to another."""

from typing import ClassVar
from uuid import UUID

from chassis.commands.command import FactCommand
from contracts.customer import ChecklistItem, EndingContract
from contracts.types import Code, EmployeeId, Note

MAX_CHECKLIST = 200


class StartHandover(FactCommand):
    """Begin to pass the customer on; the checklist is made from what is open."""

    to_owner_id: EmployeeId
    to_leader_id: EmployeeId | None = None
    reason: Code = "reassigned"


class Begin(FactCommand):
    """A handover with what the service itself adds to the request."""

    asked: StartHandover
    from_owner_id: EmployeeId | None
    checklist: tuple[ChecklistItem, ...] = ()
    contracts: tuple[EndingContract, ...] = ()
    batch_id: UUID | None = None
    # The new owner has agreed already: it is accepted as soon as it has begun.
    is_accepted: bool = False


class AcceptHandover(FactCommand):
    """Take the customer over."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"note"})

    note: Note | None = None


class WithdrawHandover(FactCommand):
    """Leave the customer where it is."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})

    reason: Note | None = None


HandoverCommand = Begin | AcceptHandover | WithdrawHandover
