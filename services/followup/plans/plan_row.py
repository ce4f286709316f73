"""The stored state of one plan. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Planned:
    """The task of a step."""

    task_id: UUID
    due_at: datetime


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One customer's plan. `tasks` holds the task of each step, by the step's key.

    Steps due before `planned_from` get no task. At `look_again_at` there is more to schedule, or the plan is done.
    """

    plan_id: UUID
    customer_id: UUID
    template: str
    number: int
    anchor_id: UUID
    anchor_at: datetime
    tier: str | None
    planned_from: datetime
    look_again_at: datetime
    tasks: dict[str, Planned] = field(default_factory=dict)
    ended_because: str | None = None
