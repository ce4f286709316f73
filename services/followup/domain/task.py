"""The rules of a follow-up task: scheduled, moved, reassigned, and then completed or cancelled."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chassis.commands.decider import Decider, RejectedError
from contracts import followup as events
from contracts.followup.task import TaskEvent
from services.followup import commands
from services.followup.commands.task import ScheduleByRule, ScheduleForAlert
from services.followup.domain import require_employee

Event = TaskEvent
# Further fields of a task that was scheduled by a plan or assigned by a rule.
BY_RULE = {"plan_id", "plan_step", "calendar", "calendar_number", "assignment", "stands_in_for"}


class TaskState(StrEnum):
    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


STATES_ZH = {TaskState.OPEN: "待办", TaskState.COMPLETED: "已完成", TaskState.CANCELLED: "已取消"}


@dataclass(frozen=True, slots=True)
class Task:
    """Only what a later decision needs; everything else belongs in a read model."""

    due_at: datetime
    assignee_id: str
    state: TaskState = TaskState.OPEN


def decide(task: Task | None, command: commands.TaskCommand) -> list[Event]:
    """Return the events that `command` causes: none if it changes nothing."""
    match task, command:
        case None, commands.Schedule():
            return [scheduled(command)]
        case None, _:
            raise RejectedError("task-unknown", "There is no such task.", "没有该跟进任务。")
        case Task(), commands.Schedule():
            return []
        case Task(state=TaskState.OPEN, due_at=due_at), commands.Reschedule():
            return rescheduled(due_at, command)
        case Task(state=TaskState.OPEN), commands.Reassign():
            return reassigned(task, command)
        case Task(state=TaskState.OPEN, due_at=due_at), commands.Complete(employee_id=employee_id, outcome=outcome):
            return [events.TaskCompleted(due_at=due_at, employee_id=require_employee(employee_id), outcome=outcome)]
        case Task(state=TaskState.OPEN), commands.Cancel():
            return [events.TaskCancelled(reason_ref=command.vault_ref("reason"))]
        case (Task(state=TaskState.COMPLETED), commands.Complete()) | (
            Task(state=TaskState.CANCELLED),
            commands.Cancel(),
        ):
            return []
        case Task(state=state), _:
            raise closed(state)


def scheduled(command: commands.Schedule) -> events.TaskScheduled:
    scheduled = events.TaskScheduled(
        assignee_id=require_employee(command.assignee_id),
        due_at=command.due_at,
        purpose=command.purpose,
        content_ref=command.vault_ref("content"),
        channel=command.channel,
    )
    if isinstance(command, ScheduleForAlert):
        return scheduled.model_copy(update={"alert_id": command.alert_id, "alert_rule": command.alert_rule})
    if not isinstance(command, ScheduleByRule):
        return scheduled
    return scheduled.model_copy(update=command.model_dump(include=BY_RULE))


def rescheduled(due_at: datetime, command: commands.Reschedule) -> list[Event]:
    if command.due_at == due_at:
        return []
    return [
        events.TaskRescheduled(previous_due_at=due_at, due_at=command.due_at, reason_ref=command.vault_ref("reason")),
    ]


def reassigned(task: Task, command: commands.Reassign) -> list[Event]:
    if command.assignee_id == task.assignee_id:
        return []
    return [
        events.TaskReassigned(
            previous_assignee_id=task.assignee_id, assignee_id=command.assignee_id, reason=command.reason
        )
    ]


def closed(state: TaskState) -> RejectedError:
    return RejectedError(
        "task-closed",
        f"This task is {state}: it can no longer be rescheduled, completed or cancelled.",
        f"该跟进任务{STATES_ZH[state]}，不能再改期、完成或取消。",
    )


def evolve(task: Task | None, event: Event) -> Task | None:
    """Apply one event. An event is never refused: it has already happened."""
    match event:
        case events.TaskScheduled(due_at=due_at, assignee_id=assignee_id):
            return Task(due_at, assignee_id)
        case events.TaskRescheduled(due_at=due_at):
            return task and replace(task, due_at=due_at)
        case events.TaskReassigned(assignee_id=assignee_id):
            return task and replace(task, assignee_id=assignee_id)
        case events.TaskCompleted():
            return task and replace(task, state=TaskState.COMPLETED)
        case events.TaskCancelled():
            return task and replace(task, state=TaskState.CANCELLED)


TASK: Decider[Task | None] = Decider(initial=None, decide=decide, evolve=evolve)
