"""A follow-up task in examples: given these facts, when asked this, then that."""

from datetime import timedelta

import pytest

from contracts.event import Event
from contracts.examples import DUE_AT, OWNER, example
from contracts.followup import TaskCancelled, TaskCompleted, TaskRescheduled, TaskScheduled
from services.followup.commands import Cancel, Complete, Reschedule, Schedule, TaskCommand
from services.followup.domain.task import TASK
from tests.support.spec import Spec

LATER = DUE_AT + timedelta(days=3)

task = Spec(TASK)
scheduled = example(TaskScheduled)
rescheduled = example(TaskRescheduled)
completed = example(TaskCompleted)
cancelled = example(TaskCancelled)

schedule = Schedule(assignee_id=OWNER, due_at=DUE_AT, purpose="call-back", content="交付后回访")
reschedule = Reschedule(due_at=LATER, reason="客户出差")
complete = Complete(employee_id=OWNER, outcome="reached")
cancel = Cancel(reason="客户不需要了")


def test_a_task_is_scheduled_with_its_words_left_in_the_vault() -> None:
    task.given().when(schedule).then(
        TaskScheduled(assignee_id=OWNER, due_at=DUE_AT, purpose="call-back", content_ref=schedule.vault_ref("content"))
    )


def test_scheduling_a_task_twice_records_nothing_new() -> None:
    task.given(scheduled).when(schedule.model_copy(update={"due_at": LATER})).then()


def test_a_closed_task_is_not_scheduled_again() -> None:
    task.given(scheduled, completed).when(schedule).then()


def test_a_task_that_nobody_owes_is_refused() -> None:
    task.given().when(Schedule(due_at=DUE_AT)).then_rejected("employee-missing")


def test_an_open_task_can_be_moved() -> None:
    task.given(scheduled).when(reschedule).then(
        TaskRescheduled(previous_due_at=DUE_AT, due_at=LATER, reason_ref=reschedule.vault_ref("reason"))
    )


def test_moving_a_task_to_where_it_is_records_nothing_new() -> None:
    task.given(scheduled).when(Reschedule(due_at=DUE_AT)).then()
    task.given(scheduled, rescheduled).when(Reschedule(due_at=rescheduled.due_at)).then()


def test_the_same_instant_in_another_zone_is_the_same_due_time() -> None:
    task.given(scheduled).when(Reschedule.model_validate({"due_at": "2024-06-07T18:00:00+08:00"})).then()


def test_an_open_task_can_be_completed() -> None:
    task.given(scheduled).when(complete).then(TaskCompleted(due_at=DUE_AT, employee_id=OWNER, outcome="reached"))


def test_a_completion_names_the_time_that_was_due_in_the_end() -> None:
    task.given(scheduled, rescheduled).when(complete).then(
        TaskCompleted(due_at=rescheduled.due_at, employee_id=OWNER, outcome="reached")
    )


def test_completing_twice_records_nothing_new() -> None:
    task.given(scheduled, completed).when(complete).then()


def test_a_completion_by_nobody_is_refused() -> None:
    task.given(scheduled).when(Complete()).then_rejected("employee-missing")


def test_an_open_task_can_be_cancelled() -> None:
    task.given(scheduled).when(cancel).then(TaskCancelled(reason_ref=cancel.vault_ref("reason")))


def test_cancelling_twice_records_nothing_new() -> None:
    task.given(scheduled, cancelled).when(cancel).then()


@pytest.mark.parametrize(
    ("end", "command"),
    [
        (cancelled, complete),
        (cancelled, reschedule),
        (cancelled, Reschedule(due_at=DUE_AT)),
        (completed, cancel),
        (completed, reschedule),
        (completed, Reschedule(due_at=DUE_AT)),
    ],
)
def test_a_closed_task_stays_as_it_is(end: Event, command: TaskCommand) -> None:
    task.given(scheduled, end).when(command).then_rejected("task-closed")


@pytest.mark.parametrize("command", [reschedule, complete, cancel])
def test_a_task_must_be_scheduled_first(command: TaskCommand) -> None:
    task.given().when(command).then_rejected("task-unknown")
