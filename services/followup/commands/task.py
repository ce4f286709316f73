"""Commands for follow-up tasks."""

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
    """Schedule a follow-up task."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"content"})

    assignee_id: Employee = None
    due_at: Instant
    purpose: Code | None = None
    content: Note | None = None
    channel: Channel | None = None


class ScheduleByRule(Schedule):
    """Schedule a task whose assignee was found by a rule."""

    assignment: Assignment
    stands_in_for: EmployeeId | None


class ScheduleForPlan(ScheduleByRule):
    """Schedule the task of a plan's step."""

    plan_id: UUID
    plan_step: Code
    calendar: Code
    calendar_number: int


class ScheduleForAlert(Schedule):
    """Schedule the care task that an alert asks for."""

    alert_id: UUID
    alert_rule: Code


class ScheduleTask(Schedule):
    """Schedule a follow-up task. `assign` is the rule that finds the assignee, if none is named."""

    assign: Assignment | None = None
    team: Team = ()

    @model_validator(mode="after")
    def _has_one_way_of_assignment(self) -> Self:
        if self.assign and self.assignee_id:
            raise FieldError("give either assignee_id or assign", "指定人员与分配方式只能选一种", "assign")
        if (self.assign in {None, Assignment.OWNER}) == bool(self.team):
            raise FieldError(
                "only round-robin and least-loaded need a team",
                "轮流分配和最少负载分配须填团队，其他方式不能填",
                "team",
            )
        return self


class Reschedule(FactCommand):
    """Move the task to another due time."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})

    due_at: Instant
    reason: Note | None = None


class Reassign(FactCommand):
    """Assign the task to another employee, because the customer's owner changed."""

    assignee_id: EmployeeId
    reason: Code


class Complete(FactCommand):
    """Record that the task was done."""

    employee_id: Employee = None
    outcome: Code | None = None


class Cancel(FactCommand):
    """Cancel the task."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})

    reason: Note | None = None


TaskCommand = Schedule | Reschedule | Reassign | Complete | Cancel
