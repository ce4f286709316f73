"""Applies commands and revisions to the stored state of a plan. Pure."""

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
    """Return the plan after a command, before its tasks are revised."""
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
    """Return the plan without the tasks that the revision cancels, and with the new due times of those it moves."""
    kept = {
        key: replace(task, due_at=revision.move[key].at) if key in revision.move else task
        for key, task in row.tasks.items()
        if key not in revision.cancel
    }
    return replace(row, tasks=kept)


def with_tasks(row: PlanRow, schedules: Mapping[str, tuple[UUID, ScheduleForPlan]], revision: Revision) -> PlanRow:
    """Return the plan with the scheduled tasks and its next due time."""
    scheduled = {key: Planned(task_id, schedule.due_at) for key, (task_id, schedule) in schedules.items()}
    return replace(row, tasks={**row.tasks, **scheduled}, look_again_at=revision.look_again_at)
