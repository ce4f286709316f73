"""The command that reports which guards trip for a customer."""

from chassis.commands.command import Command, RequestModel
from contracts.customer import Mode, Stage
from contracts.followup import Guard
from contracts.followup.guard import Contacts, Employees
from contracts.types import EmployeeId, Instant


class Finding(RequestModel):
    """A guard that trips, with the contacts that made it trip."""

    guard: Guard
    contact_ids: Contacts
    employee_ids: Employees
    at_least: int
    within_days: int
    since: Instant


class Judge(Command):
    """Report all findings that hold now. A guard without a finding is cleared."""

    stage: Stage
    mode: Mode | None
    owner_id: EmployeeId | None
    leader_id: EmployeeId | None
    findings: tuple[Finding, ...]
