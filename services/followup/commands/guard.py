"""What the watch over a customer's contacts asks of its guards."""

from chassis.commands.command import Command, RequestModel
from contracts.customer import Mode, Stage
from contracts.followup import Guard
from contracts.followup.guard import Contacts, Employees
from contracts.types import EmployeeId, Instant


class Finding(RequestModel):
    """A guard that trips, and over what."""

    guard: Guard
    contact_ids: Contacts
    employee_ids: Employees
    at_least: int
    within_days: int
    since: Instant


class Judge(Command):
    """State all that trips now; what is not among it trips no longer."""

    stage: Stage
    mode: Mode | None
    owner_id: EmployeeId | None
    leader_id: EmployeeId | None
    findings: tuple[Finding, ...]
