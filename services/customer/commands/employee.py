"""The command about an employee's presence in the company."""

from chassis.commands.command import Command
from contracts.types import EmployeeId


class StatePresence(Command):
    """State whether an employee has left. `was_left`: whether the list of employees said so before."""

    employee_id: EmployeeId
    has_left: bool
    was_left: bool
