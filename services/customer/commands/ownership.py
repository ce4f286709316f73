"""Commands on owner, leader and helpers of a customer."""

from chassis.commands.command import Command, FactCommand
from contracts.types import EmployeeId


class AssignOwner(FactCommand):
    owner_id: EmployeeId
    leader_id: EmployeeId | None = None


class AssignOwnerInList(AssignOwner):
    """`owners_leader_id` is the owner's leader in the list of employees: the default for `leader_id`."""

    owners_leader_id: EmployeeId | None = None


class AddHelper(FactCommand):
    employee_id: EmployeeId


class RemoveHelper(FactCommand):
    employee_id: EmployeeId


class EndHelp(RemoveHelper):
    """Remove a helper who leaves the company, also from a merged duplicate."""


class ChangeLeader(FactCommand):
    """Replace or remove the customer's leader, if it is still `from_leader_id`. Also for a merged duplicate."""

    from_leader_id: EmployeeId
    leader_id: EmployeeId | None = None


class FollowOwnersLeader(Command):
    """Give a customer of `owner_id` the owner's new leader, if its leader is still `from_leader_id` and not stated.

    Also for a merged duplicate.
    """

    owner_id: EmployeeId
    from_leader_id: EmployeeId | None
    leader_id: EmployeeId | None


class PassOn(FactCommand):
    """Change the owner because of a handover. Also for a merged duplicate."""

    from_owner_id: EmployeeId | None
    owner_id: EmployeeId
    leader_id: EmployeeId | None = None
    is_leader_stated: bool = False
