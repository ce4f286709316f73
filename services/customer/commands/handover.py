"""Commands on handovers: a customer passes from one owner to another."""

from typing import ClassVar
from uuid import UUID

from chassis.commands.command import Command, FactCommand
from contracts.customer import ChecklistItem, EndingContract
from contracts.types import Code, EmployeeId, Note

MAX_CHECKLIST = 200


class StartHandover(FactCommand):
    """Start a handover. The service adds the checklist of open items."""

    to_owner_id: EmployeeId
    to_leader_id: EmployeeId | None = None
    reason: Code = "reassigned"


class BeginHandover(FactCommand):
    """A requested handover with the data that the service adds."""

    request: StartHandover
    from_owner_id: EmployeeId | None
    checklist: tuple[ChecklistItem, ...] = ()
    contracts: tuple[EndingContract, ...] = ()
    batch_id: UUID | None = None
    is_leader_stated: bool = True
    # Nobody has to accept it: it is accepted in the same append.
    is_accepted: bool = False


class AcceptHandover(FactCommand):
    """Accept the handover: the new owner takes the customer over."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"note"})

    note: Note | None = None


class WithdrawHandover(FactCommand):
    """Withdraw the handover: the customer stays with its owner."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})

    reason: Note | None = None


class EndHandover(Command):
    """Withdraw the handover, if one is open, because something happened to the customer."""

    reason: Code


HandoverCommand = BeginHandover | AcceptHandover | WithdrawHandover | EndHandover
