"""When somebody is not at work, and who stands in meanwhile. The subject is the person's own stream (ADR 0021)."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Day, EmployeeId, Word

MAX_ABSENCE_DAYS = 366


class AbsenceReason(StrEnum):
    """Why somebody is away, as far as colleagues need to know: nothing here tells of anybody's health."""

    LEAVE = "leave"
    TRAVEL = "travel"
    TRAINING = "training"
    OTHER = "other"


class Absent(Event):
    """Somebody is away from the first to the last of these days, in `zone`, both included."""

    absence_id: UUID
    employee_id: EmployeeId
    first_day: Day
    last_day: Day
    zone: Word = "Asia/Shanghai"
    stand_in_id: EmployeeId | None = None
    reason: AbsenceReason | None = None


class AbsenceNoted(Absent):
    """It is known that somebody will be, is, or was away."""

    type: Literal["care.followup.absence-noted.v1"] = "care.followup.absence-noted.v1"


class AbsenceChanged(Absent):
    """All of it, as it is to be from now on."""

    type: Literal["care.followup.absence-changed.v1"] = "care.followup.absence-changed.v1"


class AbsenceCancelled(Event):
    """Nobody is away: it was called off, or noted by mistake."""

    type: Literal["care.followup.absence-cancelled.v1"] = "care.followup.absence-cancelled.v1"
    absence_id: UUID
    employee_id: EmployeeId


AbsenceEvent = AbsenceNoted | AbsenceChanged | AbsenceCancelled
