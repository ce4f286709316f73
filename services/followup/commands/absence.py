"""Commands for absences."""

from uuid import UUID

from chassis.commands.command import Command
from contracts.followup.absence import AbsenceReason
from contracts.types import Day, EmployeeId
from services.followup.commands.calendar import Zone


class Absence(Command):
    """An absence from `first_day` to `last_day`, both included, and the stand-in."""

    first_day: Day
    last_day: Day
    zone: Zone = "Asia/Shanghai"
    stand_in_id: EmployeeId | None = None
    reason: AbsenceReason | None = None


class NoteAbsence(Absence):
    """Record an absence of `employee_id`."""

    absence_id: UUID
    employee_id: EmployeeId


class ChangeAbsence(NoteAbsence):
    """Replace an absence."""


class CancelAbsence(Command):
    """Cancel an absence."""

    absence_id: UUID


AbsenceCommand = NoteAbsence | CancelAbsence
