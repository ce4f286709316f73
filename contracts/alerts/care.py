"""What became of the task that an alert asked for."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code, EmployeeId


class CareResult(StrEnum):
    """How a care task ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"


class CareReported(Event):
    """The care task of an alert was completed or cancelled. `outcome` is what the employee stated."""

    type: Literal["care.alert.care-reported.v1"] = "care.alert.care-reported.v1"
    alert_id: UUID
    rule_id: Code
    task_id: UUID
    result: CareResult
    employee_id: EmployeeId | None = None
    outcome: Code | None = None


CareEvent = CareReported
