"""States an employee's leader: by a request about the employee, or because the former leader leaves the company."""

from uuid import UUID

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.store.pseudonym import Pseudonyms
from services.customer.commands.employee import ReplaceLeader, StateLeader
from services.customer.domain.employee import Employee
from services.customer.employees import Employees


def stream_of(employee_id: str, pseudonyms: Pseudonyms) -> UUID:
    """Return the stream of an employee. Derived ids ignore case, but ids of employees do not: hence in hex."""
    return pseudonyms.derived("employee", employee_id.encode().hex())


class LeaderStatements:
    """Publishes a change, then saves it: the projection saves it too, also if it is interrupted in between."""

    def __init__(self, employments: CommandHandler[Employee], employees: Employees, pseudonyms: Pseudonyms) -> None:
        self._employments = employments
        self._employees = employees
        self._pseudonyms = pseudonyms

    async def state(self, command: StateLeader | ReplaceLeader, context: Context) -> None:
        """State a leader. What is repeated under the same key saves nothing: the leader may have changed since."""
        stream_id = stream_of(command.employee_id, self._pseudonyms)
        handled = await self._employments.handle(stream_id, command, context)
        if handled.events:
            await self._employees.save_leader(command.employee_id, command.leader_id, handled.version)
