"""What a command changes in the remembered plan. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from contracts.event import Envelope
from services.followup.commands.plan import ChangePlan, EndPlan, PlanCommand, StartPlan
from services.followup.commands.task import ScheduleForPlan
from services.followup.plans.plan_row import Planned, PlanRow
from services.followup.plans.steps import Revision


def after(row: PlanRow | None, plan_id: UUID, command: PlanCommand, envelope: Envelope[Any]) -> PlanRow:
    """Return the plan as a command leaves it, before its tasks are looked at."""
    match command:
        case StartPlan():
            values = command.model_dump()
            at = envelope.recorded_at
            return PlanRow(plan_id, envelope.subject, **values, planned_from=at, look_again_at=at)
        case _ if row is None:
            raise LookupError("a plan's first command must be its start")
        case ChangePlan(number=number, tier=tier):
            return replace(row, number=number, tier=tier, planned_from=envelope.recorded_at)
        case EndPlan(reason=reason):
            return replace(row, ended_because=reason)


def running_of(plans: dict[UUID, PlanRow]) -> list[PlanRow]:
    return [plan for plan in plans.values() if plan.ended_because is None]


def revised(row: PlanRow, revision: Revision) -> PlanRow:
    """Return the plan without the tasks that the revision cancels, and with the others when it moves them to."""
    kept = {
        key: replace(task, due_at=revision.move[key].at) if key in revision.move else task
        for key, task in row.tasks.items()
        if key not in revision.cancel
    }
    return replace(row, tasks=kept)


def with_tasks(row: PlanRow, schedules: Mapping[str, tuple[UUID, ScheduleForPlan]], revision: Revision) -> PlanRow:
    """Return the plan with the tasks that were scheduled, and when to look at it again."""
    made = {key: Planned(task_id, schedule.due_at) for key, (task_id, schedule) in schedules.items()}
    return replace(row, tasks={**row.tasks, **made}, look_again_at=revision.look_again_at)
