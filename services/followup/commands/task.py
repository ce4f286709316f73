"""What can be asked about follow-up tasks."""

from typing import ClassVar, Self
from uuid import UUID

from pydantic import model_validator

from chassis.commands.command import FactCommand
from contracts.field_error import FieldError
from contracts.followup import Channel
from contracts.followup.plan import Assignment, Team
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


class ScheduleByRule(Schedule):
    """Promise something that a rule has given to somebody."""

    assignment: Assignment
    stands_in_for: EmployeeId | None


class ScheduleForPlan(ScheduleByRule):
    """Promise what a step of a plan asks for."""

    plan_id: UUID
    plan_step: Code
    calendar: Code
    calendar_number: int


class ScheduleTask(Schedule):
    """Promise the customer something by a time. `assign` finds who does it, where nobody is named."""

    assign: Assignment | None = None
    team: Team = ()

    @model_validator(mode="after")
    def _names_one_way(self) -> Self:
        if self.assign and self.assignee_id:
            raise FieldError("either somebody is named, or found by a rule", "指定人员与分配方式只能选一种", "assign")
        if (self.assign in {None, Assignment.OWNER}) == bool(self.team):
            raise FieldError(
                "a round robin and the least loaded are of a team; nothing else names one",
                "轮流与最少负载须填团队，其他方式不填",
                "team",
            )
        return self


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
