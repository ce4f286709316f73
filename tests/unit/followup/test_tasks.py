"""What the list of follow-up tasks shows after one event or another."""

from datetime import timedelta

import pytest

from contracts.examples import DUE_AT, OCCURRED_AT, OWNER, example, example_envelope
from contracts.followup import TaskCancelled, TaskCompleted, TaskRescheduled, TaskScheduled
from services.followup.domain import task
from services.followup.projection.tasks import TaskRow, project


def task_row(*events: task.Event) -> TaskRow:
    row = None
    for version, event in enumerate(events, 1):
        row = project(row, example_envelope(event, version=version))
    assert row is not None
    return row


def test_a_scheduled_task_is_open() -> None:
    row = task_row(example(TaskScheduled))

    assert (row.state, row.due_at, row.was_on_time, row.version) == ("open", DUE_AT, None, 1)


def test_a_moved_task_is_due_at_its_new_time() -> None:
    moved = example(TaskRescheduled)

    row = task_row(example(TaskScheduled), moved)

    assert (row.state, row.due_at, row.reason_ref, row.version) == ("open", moved.due_at, moved.reason_ref, 2)


@pytest.mark.parametrize(("late_seconds", "on_time"), [(0, True), (1, False)])
def test_a_completed_task_was_on_time_or_late(late_seconds: int, on_time: bool) -> None:
    done_at = DUE_AT + timedelta(seconds=late_seconds)

    row = project(task_row(example(TaskScheduled)), example_envelope(example(TaskCompleted), occurred_at=done_at))

    assert (row.state, row.completed_at, row.was_on_time, row.completed_by) == ("completed", done_at, on_time, OWNER)


def test_a_cancelled_task_was_never_on_time_nor_late() -> None:
    row = task_row(example(TaskScheduled), example(TaskCancelled))

    assert (row.state, row.was_on_time, row.cancelled_at) == ("cancelled", None, OCCURRED_AT)


@pytest.mark.parametrize("event", [TaskRescheduled, TaskCompleted, TaskCancelled])
def test_a_task_without_a_beginning_is_a_fault(event: type[task.Event]) -> None:
    with pytest.raises(LookupError):
        task_row(example(event))
