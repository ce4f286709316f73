"""The open items of a customer, from followup's events."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from contracts import followup
from contracts.event import Event
from contracts.examples import COMPLAINT_ID, CUSTOMER_ID, DUE_AT, OCCURRED_AT, TASK_ID, example, example_envelope
from services.customer.projection.followup.open_items import OpenItem, project


def items_after(*facts: Event) -> dict[UUID, OpenItem]:
    rows: dict[UUID, OpenItem] = {}
    for number, fact in enumerate(facts):
        project(rows, replace(example_envelope(fact), occurred_at=OCCURRED_AT + timedelta(hours=number)))
    return rows


def is_open(*facts: Event) -> set[UUID]:
    return {item_id for item_id, item in items_after(*facts).items() if item.is_open}


def test_a_task_is_open_until_it_is_done_or_called_off() -> None:
    scheduled = example(followup.TaskScheduled)
    assert is_open(scheduled) == {TASK_ID}
    assert is_open(scheduled, example(followup.TaskCompleted)) == set()
    assert is_open(scheduled, example(followup.TaskCancelled)) == set()


def test_a_task_that_was_moved_is_due_when_it_is_due_now() -> None:
    moved = items_after(example(followup.TaskScheduled), example(followup.TaskRescheduled))
    assert moved[TASK_ID].at == DUE_AT + timedelta(days=3)


def test_a_complaint_is_open_until_it_is_closed() -> None:
    raised = example(followup.ComplaintRaised)
    assert is_open(raised, example(followup.ComplaintAnswered)) == {COMPLAINT_ID}
    assert is_open(raised, example(followup.ComplaintClosed)) == set()
    assert is_open(raised, example(followup.ComplaintClosed), example(followup.ComplaintReopened)) == {COMPLAINT_ID}


def test_a_complaint_says_by_when_its_resolution_is_promised() -> None:
    raised, target_set = example(followup.ComplaintRaised), example(followup.ComplaintTargetSet)
    changed = example(followup.ComplaintTargetChanged)
    assert items_after(raised)[COMPLAINT_ID].promised_by is None
    assert items_after(raised, target_set)[COMPLAINT_ID].promised_by == target_set.resolve_by
    assert items_after(raised, target_set, changed)[COMPLAINT_ID].promised_by == changed.resolve_by


def test_the_last_contact_is_the_latest_that_somebody_made() -> None:
    made = example(followup.ContactLogged)
    touched = items_after(made, example(followup.ContactLogged, automated=True))
    assert touched[CUSTOMER_ID].at == OCCURRED_AT
    assert items_after(made, made)[CUSTOMER_ID].at == OCCURRED_AT + timedelta(hours=1)
