"""What a command makes of the plan that is remembered. Pure."""

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
            said = command.model_dump()
            at = envelope.recorded_at
            return PlanRow(plan_id, envelope.subject, **said, planned_from=at, look_again_at=at)
        case _ if row is None:
            raise LookupError("a plan's first command must be its start")
        case ChangePlan(number=number, tier=tier):
            return replace(row, number=number, tier=tier, planned_from=envelope.recorded_at)
        case EndPlan(reason=reason):
            return replace(row, ended_because=reason)


def running_of(plans: dict[UUID, PlanRow]) -> list[PlanRow]:
    return [plan for plan in plans.values() if plan.ended_because is None]


def with_tasks(row: PlanRow, tasks: dict[str, tuple[UUID, ScheduleForPlan]], revision: Revision) -> PlanRow:
    made = {key: Planned(task_id, schedule.due_at) for key, (task_id, schedule) in tasks.items()}
    return replace(row, tasks={**row.tasks, **made}, look_again_at=revision.look_again_at)
