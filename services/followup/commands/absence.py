"""What can be asked about somebody's absences."""

from uuid import UUID

from chassis.commands.command import Command
from contracts.followup.absence import AbsenceReason
from contracts.types import Day, EmployeeId
from services.followup.commands.calendar import Zone


class Absence(Command):
    """From when to when somebody is away, both days included, and who stands in."""

    first_day: Day
    last_day: Day
    zone: Zone = "Asia/Shanghai"
    stand_in_id: EmployeeId | None = None
    reason: AbsenceReason | None = None


class NoteAbsence(Absence):
    """State that `employee_id` is away."""

    absence_id: UUID
    employee_id: EmployeeId


class ChangeAbsence(NoteAbsence):
    """State all of an absence anew."""


class CancelAbsence(Command):
    """State that nobody is away after all."""

    absence_id: UUID


AbsenceCommand = NoteAbsence | CancelAbsence
