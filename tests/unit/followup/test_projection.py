"""What the lists show after one event or another."""

from datetime import timedelta
from uuid import UUID

import pytest

from contracts import customer
from contracts.examples import (
    CUSTOMER_ID,
    CUSTOMER_NAME,
    DUE_AT,
    LEADER,
    OCCURRED_AT,
    OWNER,
    TASK_ID,
    example,
    example_envelope,
)
from contracts.followup import (
    ComplaintAnswered,
    ComplaintClosed,
    ComplaintConfirmed,
    ComplaintRaised,
    ContactLogged,
    TaskCancelled,
    TaskCompleted,
    TaskRescheduled,
    TaskScheduled,
)
from services.followup.domain import complaint, customer_ref, task
from services.followup.projection.followups import (
    ComplaintRow,
    TaskRow,
    project_complaint,
    project_contact,
    project_task,
)

FIRST_ANSWER = UUID(int=1)
SECOND_ANSWER = UUID(int=2)
LATER_LIFE: tuple[customer.CustomerEvent, ...] = (
    example(customer.ProfileChanged),
    example(customer.StageChanged),
    example(customer.TierChanged),
    example(customer.OwnerAssigned),
    example(customer.HelperAdded),
    example(customer.HelperRemoved),
    example(customer.KeyContactAdded),
    example(customer.KeyContactChanged),
    example(customer.KeyContactRemoved),
    example(customer.NeedStated),
    example(customer.ReferenceAdded),
    example(customer.ReferenceReserved),
    example(customer.TagAdded),
    example(customer.TagRemoved),
)


def task_row(*events: task.Event) -> TaskRow:
    row = None
    for version, event in enumerate(events, 1):
        row = project_task(row, example_envelope(event, version=version))
    assert row is not None
    return row


def complaint_row(*events: complaint.Event) -> ComplaintRow:
    row = None
    for version, event in enumerate(events, 1):
        at = OCCURRED_AT + timedelta(hours=version)
        row = project_complaint(row, example_envelope(event, version=version, occurred_at=at))
    assert row is not None
    return row


def test_a_contact_is_listed_with_its_task() -> None:
    row = project_contact(None, example_envelope(example(ContactLogged)))

    assert (row.customer_id, row.task_id, row.employee_id) == (CUSTOMER_ID, TASK_ID, OWNER)


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

    row = project_task(task_row(example(TaskScheduled)), example_envelope(example(TaskCompleted), occurred_at=done_at))

    assert (row.state, row.completed_at, row.was_on_time, row.completed_by) == ("completed", done_at, on_time, OWNER)


def test_a_cancelled_task_was_never_on_time_nor_late() -> None:
    row = task_row(example(TaskScheduled), example(TaskCancelled))

    assert (row.state, row.was_on_time, row.cancelled_at) == ("cancelled", None, OCCURRED_AT)


def test_a_complaint_shows_each_step_with_its_time() -> None:
    row = complaint_row(
        example(ComplaintRaised),
        example(ComplaintAnswered, content_ref=FIRST_ANSWER),
        example(ComplaintAnswered, content_ref=SECOND_ANSWER),
        example(ComplaintConfirmed),
        example(ComplaintClosed),
    )

    assert (row.state, row.resolution, row.version) == ("closed", "replaced", 5)
    assert row.answer_refs == [FIRST_ANSWER, SECOND_ANSWER]
    assert row.raised_at < (row.answered_at or row.raised_at) < (row.confirmed_at or row.raised_at)
    assert row.answered_at == OCCURRED_AT + timedelta(hours=2)
    assert row.closed_at == OCCURRED_AT + timedelta(hours=5)


@pytest.mark.parametrize("event", [TaskRescheduled, TaskCompleted, TaskCancelled])
def test_a_task_without_a_beginning_is_a_fault(event: type[task.Event]) -> None:
    with pytest.raises(LookupError):
        task_row(example(event))


@pytest.mark.parametrize("event", [ComplaintAnswered, ComplaintConfirmed, ComplaintClosed])
def test_a_complaint_without_a_beginning_is_a_fault(event: type[complaint.Event]) -> None:
    with pytest.raises(LookupError):
        complaint_row(example(event))


def test_a_customer_is_known_by_what_its_topic_says() -> None:
    ref = customer_ref.project(None, example_envelope(example(customer.Registered)))
    for event in LATER_LIFE:
        ref = customer_ref.project(ref, example_envelope(event))

    assert ref == customer_ref.CustomerRef(
        CUSTOMER_ID, "company", CUSTOMER_NAME, OWNER, LEADER, "interested", {"value": "vip"}
    )
    assert ref.holders.include(OWNER)
    assert ref.holders.include(LEADER)


def test_a_person_is_known_without_a_name() -> None:
    person = example(customer.Registered, kind=customer.Kind.PERSON, name=None, name_ref=UUID(int=3))

    assert customer_ref.project(None, example_envelope(person)).name is None


def test_a_customer_without_a_beginning_is_a_fault() -> None:
    with pytest.raises(LookupError):
        customer_ref.project(None, example_envelope(example(customer.TierChanged)))
