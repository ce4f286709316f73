"""Asking who answers for a customer."""

from chassis.command import FactCommand
from contracts.types import EmployeeId


class AssignOwner(FactCommand):
    owner_id: EmployeeId
    leader_id: EmployeeId | None = None
