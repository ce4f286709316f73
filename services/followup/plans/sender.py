"""Sends the commands of a plan: to the plan itself, and to the tasks of its steps.

The key of every command is derived from its cause, so a cause that is handled twice has one effect.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.commands.decider import RejectedError
from contracts.event import Envelope
from services.followup.actor import ACTOR
from services.followup.commands.plan import ChangePlan, EndPlan, StartPlan
from services.followup.commands.task import Cancel, Reschedule, ScheduleForPlan
from services.followup.domain.plan import Plan
from services.followup.domain.task import Task
from services.followup.plans.plan_row import PlanRow

# The task of each step that is to be scheduled: its id and its command, by the step's key.
Schedules = Mapping[str, tuple[UUID, ScheduleForPlan]]


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause of commands: an event, or a plan that was due. `name` is unique for each cause."""

    name: str
    at: datetime
    correlation_id: str
    causation_id: UUID
    traceparent: str | None = None


class PlanCommandSender:
    """Sends commands. Each change of a plan or task takes one of the `slots`; new plans and tasks do not."""

    def __init__(
        self, plans: CommandHandler[Plan | None], tasks: CommandHandler[Task | None], slots: asyncio.Semaphore
    ) -> None:
        self._plans = plans
        self._tasks = tasks
        self._slots = slots

    async def start(self, row: PlanRow, command: StartPlan, schedules: Schedules, cause: Cause) -> None:
        """Start the plan and schedule its first tasks, in one append."""
        linked = [self._tasks.linked(task_id, schedule) for task_id, schedule in schedules.values()]
        context = context_of(cause, f"{row.plan_id}|start")
        await self._plans.handle(row.plan_id, command, context, subject=row.customer_id, linked=linked, is_new=True)

    async def change(self, row: PlanRow, command: ChangePlan | EndPlan, cause: Cause) -> None:
        context = context_of(cause, f"{row.plan_id}|{type(command).__name__}")
        async with self._slots:
            await self._plans.handle(row.plan_id, command, context, subject=row.customer_id)

    async def schedule(self, row: PlanRow, schedules: Schedules, cause: Cause) -> None:
        for key, (task_id, schedule) in schedules.items():
            context = context_of(cause, f"{row.plan_id}|{key}")
            await self._tasks.handle(task_id, schedule, context, subject=row.customer_id, is_new=True)

    async def reschedule(self, row: PlanRow, key: str, due_at: datetime, cause: Cause) -> None:
        await self._change_task(row, key, Reschedule(due_at=due_at), cause)

    async def cancel(self, row: PlanRow, key: str, cause: Cause) -> None:
        await self._change_task(row, key, Cancel(), cause)

    async def _change_task(self, row: PlanRow, key: str, command: Cancel | Reschedule, cause: Cause) -> None:
        """Change the task of a step. A task that was completed or cancelled meanwhile does not change."""
        context = context_of(cause, f"{row.plan_id}|{key}|{type(command).__name__}")
        with contextlib.suppress(RejectedError):
            async with self._slots:
                await self._tasks.handle(row.tasks[key].task_id, command, context, subject=row.customer_id)


def cause_of(envelope: Envelope[Any]) -> Cause:
    metadata = envelope.metadata
    return Cause(str(envelope.id), envelope.recorded_at, metadata.correlation_id, envelope.id, metadata.traceparent)


def context_of(cause: Cause, what: str) -> Context:
    """Return the context of one command; `what` is unique among the commands of a cause."""
    return Context(
        key=f"plan|{cause.name}|{what}",
        actor=ACTOR.name,
        correlation_id=cause.correlation_id,
        now=cause.at,
        causation_id=cause.causation_id,
        traceparent=cause.traceparent,
    )
