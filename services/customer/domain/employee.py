"""The rules of employees: each change of an employee's presence or leader is published once."""

from dataclasses import dataclass, replace

from chassis.commands.decider import Decider
from contracts import customer as events
from contracts.customer.employee import EmployeeEvent
from services.customer.commands.employee import EmployeeCommand, ReplaceLeader, StateLeader, StatePresence


@dataclass(frozen=True, slots=True)
class Employee:
    """What the events say of an employee. A handover batch marks who leaves in the list of employees only."""

    has_left: bool = False
    leader: events.EmployeeLeaderChanged | None = None


def decide(employee: Employee, command: EmployeeCommand) -> list[EmployeeEvent]:
    """Return the event of a change: of what the events say, or of what the list said."""
    match command:
        case StatePresence():
            return presence_changed(employee, command)
        case StateLeader():
            return leader_changed(employee, command)
        case ReplaceLeader():
            return leader_replaced(employee, command)


def presence_changed(employee: Employee, command: StatePresence) -> list[EmployeeEvent]:
    if command.has_left == employee.has_left == command.was_left:
        return []
    changed = events.EmployeeLeft if command.has_left else events.EmployeeReturned
    return [changed(employee_id=command.employee_id)]


def leader_changed(employee: Employee, command: StateLeader) -> list[EmployeeEvent]:
    """Without an event, only the list counts: an employee may have got a leader before leaders were published."""
    published_id = employee.leader.leader_id if employee.leader else command.previous_id
    if command.leader_id == published_id == command.previous_id:
        return []
    employee_id, previous_id, leader_id = command.employee_id, command.previous_id, command.leader_id
    return [events.EmployeeLeaderChanged(employee_id=employee_id, previous_leader_id=previous_id, leader_id=leader_id)]


def leader_replaced(employee: Employee, command: ReplaceLeader) -> list[EmployeeEvent]:
    """Return no events if the employee has got another leader meanwhile, which the list did not have yet."""
    published, from_leader_id = employee.leader, command.from_leader_id
    if published and published.previous_leader_id == from_leader_id != published.leader_id:
        return []
    state = StateLeader(employee_id=command.employee_id, leader_id=command.leader_id, previous_id=from_leader_id)
    return leader_changed(employee, state)


def evolve(employee: Employee, event: EmployeeEvent) -> Employee:
    match event:
        case events.EmployeeLeft():
            return replace(employee, has_left=True)
        case events.EmployeeReturned():
            return replace(employee, has_left=False)
        case events.EmployeeLeaderChanged():
            return replace(employee, leader=event)


EMPLOYEE: Decider[Employee] = Decider(initial=Employee(), decide=decide, evolve=evolve)
