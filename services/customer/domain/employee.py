"""The rules of an employee's presence: each change is published once."""

from chassis.commands.decider import Decider
from contracts import customer as events
from contracts.customer.employee import EmployeeEvent
from services.customer.commands.employee import StatePresence


def decide(has_left: bool, command: StatePresence) -> list[EmployeeEvent]:
    """Return the event of a change. A handover batch also makes an employee a leaver, in the list of employees only."""
    if command.has_left == has_left == command.was_left:
        return []
    changed = events.EmployeeLeft if command.has_left else events.EmployeeReturned
    return [changed(employee_id=command.employee_id)]


def evolve(_has_left: bool, event: EmployeeEvent) -> bool:
    return isinstance(event, events.EmployeeLeft)


EMPLOYEE: Decider[bool] = Decider(initial=False, decide=decide, evolve=evolve)
