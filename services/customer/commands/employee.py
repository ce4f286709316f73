"""The commands about an employee: their presence in the company, and their leader."""

from chassis.commands.command import Command
from contracts.types import EmployeeId


class StatePresence(Command):
    """State whether an employee has left. `was_left`: whether the list of employees said so before."""

    employee_id: EmployeeId
    has_left: bool
    was_left: bool


class StateLeader(Command):
    """State an employee's leader, or that there is none. `previous_id`: the one in the list of employees before."""

    employee_id: EmployeeId
    leader_id: EmployeeId | None
    previous_id: EmployeeId | None


class ReplaceLeader(Command):
    """Give an employee whom `from_leader_id` led, by the list of employees, another leader or none."""

    employee_id: EmployeeId
    from_leader_id: EmployeeId
    leader_id: EmployeeId | None


EmployeeCommand = StatePresence | StateLeader | ReplaceLeader
