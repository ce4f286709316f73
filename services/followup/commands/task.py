"""What can be asked about follow-up tasks."""

from typing import ClassVar
from uuid import UUID

from chassis.command import FactCommand
from contracts.followup import Channel
from contracts.types import Code, EmployeeId, Instant, Note
from services.followup.commands.employee import Employee


class Schedule(FactCommand):
    """Promise the customer something by a time."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"content"})

    assignee_id: Employee = None
    due_at: Instant
    purpose: Code | None = None
    content: Note | None = None
    channel: Channel | None = None


class ScheduleForPlan(Schedule):
    """Promise what a step of a plan asks for."""

    plan_id: UUID
    plan_step: Code
    calendar: Code
    calendar_number: int


class Reschedule(FactCommand):
    """Move what is owed to another time."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})

    due_at: Instant
    reason: Note | None = None


class Reassign(FactCommand):
    """Let somebody else owe it, because the customer changed hands."""

    assignee_id: EmployeeId
    reason: Code


class Complete(FactCommand):
    """State that what was owed has been done."""

    employee_id: Employee = None
    outcome: Code | None = None


class Cancel(FactCommand):
    """State that nothing is owed any more."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})

    reason: Note | None = None


TaskCommand = Schedule | Reschedule | Reassign | Complete | Cancel
