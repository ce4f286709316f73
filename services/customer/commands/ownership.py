"""Asking who answers for a customer."""

from chassis.commands.command import FactCommand
from contracts.types import EmployeeId


class AssignOwner(FactCommand):
    owner_id: EmployeeId
    leader_id: EmployeeId | None = None


class AddHelper(FactCommand):
    employee_id: EmployeeId


class RemoveHelper(FactCommand):
    employee_id: EmployeeId


class ChangeLeader(FactCommand):
    """Have somebody else, or nobody, lead the owner, as long as `from_leader_id` does."""

    from_leader_id: EmployeeId
    leader_id: EmployeeId | None = None


class PassOn(FactCommand):
    """Give the customer from one owner to the next, as an accepted handover asks."""

    from_owner_id: EmployeeId | None
    owner_id: EmployeeId
    leader_id: EmployeeId | None = None
