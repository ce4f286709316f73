"""Absences of employees and their stand-ins. The subject is the stream of the employee (ADR 0021)."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Day, EmployeeId, Word

MAX_ABSENCE_DAYS = 366


class AbsenceReason(StrEnum):
    """A broad reason for an absence. It must not reveal anything about an employee's health."""

    LEAVE = "leave"
    TRAVEL = "travel"
    TRAINING = "training"
    OTHER = "other"


class AbsenceDetails(Event):
    """An absence of an employee from `first_day` to `last_day`, both included, in the time zone `zone`."""

    absence_id: UUID
    employee_id: EmployeeId
    first_day: Day
    last_day: Day
    zone: Word = "Asia/Shanghai"
    stand_in_id: EmployeeId | None = None
    reason: AbsenceReason | None = None


class AbsenceNoted(AbsenceDetails):
    """An absence of an employee was recorded. The subject is the stream of the employee, not a customer."""

    type: Literal["care.followup.absence-noted.v1"] = "care.followup.absence-noted.v1"


class AbsenceChanged(AbsenceDetails):
    """An absence was changed. The event contains all its fields."""

    type: Literal["care.followup.absence-changed.v1"] = "care.followup.absence-changed.v1"


class AbsenceCancelled(Event):
    """An absence was cancelled."""

    type: Literal["care.followup.absence-cancelled.v1"] = "care.followup.absence-cancelled.v1"
    absence_id: UUID
    employee_id: EmployeeId


AbsenceEvent = AbsenceNoted | AbsenceChanged | AbsenceCancelled
