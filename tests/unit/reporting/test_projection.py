"""The effect of each event on the rows of the read model."""

from dataclasses import fields
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest

from contracts import alerts, customer, followup
from contracts.customer import Stage
from contracts.event import Event
from contracts.examples import (
    ALERT_ID,
    CAUSE_ID,
    COMPLAINT_ID,
    CONTACT_ID,
    CUSTOMER_ID,
    DUE_AT,
    OCCURRED_AT,
    SILENT_SINCE,
    example,
    example_envelope,
)
from tests.oracles.reporting.rows import AlertRow, ComplaintRow, CustomerRow, TaskRow
from tests.unit.reporting.story import rows_of

T = TypeVar("T")
registered = example(customer.Registered)
scheduled = example(followup.TaskScheduled)
raised = example(followup.ComplaintRaised)


def only(rows: dict[UUID, T]) -> T:
    (row,) = rows.values()
    return row


def customer_after(*events: Event) -> CustomerRow:
    return only(rows_of(example_envelope(event) for event in events).customers)


def task_after(*events: Event, **changes: Any) -> TaskRow:
    return only(rows_of(example_envelope(event, **changes) for event in events).tasks)


def complaint_after(*events: Event) -> ComplaintRow:
    return only(rows_of(example_envelope(event) for event in events).complaints)


def alert_after(*events: Event) -> AlertRow:
    return only(rows_of(example_envelope(event) for event in events).alerts)


def test_a_registered_customer_is_new_and_followed_up() -> None:
    row = customer_after(registered)
    assert (row.customer_id, row.company_name) == (CUSTOMER_ID, "上海腾云")
    assert (row.stage, row.mode) == ("new", "follow-up")
    assert row.stage_since == row.registered_at == OCCURRED_AT


def test_a_person_has_no_name_here() -> None:
    row = customer_after(example(customer.Registered, kind="person", name=None, name_ref=CAUSE_ID))
    assert (row.kind, row.company_name) == ("person", None)


def test_a_profile_keeps_what_a_change_does_not_mention() -> None:
    first, second = example(customer.ProfileChanged), customer.ProfileChanged(region="苏州")
    row = customer_after(registered, first, second)
    assert (row.region, row.industry, row.last_contacted_at) == ("苏州", "制造业", SILENT_SINCE)


def contacted(days: int) -> customer.ProfileChanged:
    return customer.ProfileChanged(last_contacted_at=OCCURRED_AT + timedelta(days=days))


def test_17_the_latest_stated_contact_counts_whatever_comes_last() -> None:
    row = customer_after(registered, contacted(20), contacted(2))
    assert row.last_contacted_at == OCCURRED_AT + timedelta(days=20)
    cleared = customer.ProfileChanged(cleared=("last_contacted_at",))
    assert customer_after(registered, contacted(20), cleared).last_contacted_at is None
    row = customer_after(registered, contacted(20), cleared, contacted(2))
    assert row.last_contacted_at == OCCURRED_AT + timedelta(days=2)


def test_37_a_stated_contact_from_before_the_registration_dates_the_customer() -> None:
    row = customer_after(registered, contacted(-9), contacted(-3), contacted(4))
    assert row.registered_at == OCCURRED_AT - timedelta(days=9)
    assert row.stage_since == OCCURRED_AT


@pytest.mark.parametrize(
    ("stage", "mode"), [(Stage.INTERESTED, "follow-up"), (Stage.SIGNED, "maintenance"), (Stage.LOST, None)]
)
def test_a_stage_brings_its_mode(stage: Stage, mode: str | None) -> None:
    row = customer_after(registered, customer.StageChanged(previous=Stage.NEW, stage=stage))
    assert (row.stage, row.mode) == (stage, mode)


def test_tiers_of_two_schemes_stand_side_by_side() -> None:
    vip, a = customer.TierChanged(scheme="default", tier="vip"), customer.TierChanged(scheme="abc", tier="a")
    assert customer_after(registered, vip, a).tiers == {"default": "vip", "abc": "a"}


def test_a_new_owner_brings_their_leader() -> None:
    row = customer_after(registered, example(customer.OwnerAssigned), customer.OwnerAssigned(owner_id="E9"))
    assert (row.owner_id, row.leader_id) == ("E9", None)


def test_helpers_are_added_and_removed_and_a_new_owner_is_no_helper() -> None:
    helpers = [customer.HelperAdded(employee_id=each) for each in ("E5", "E6", "E7", "E5")]
    row = customer_after(registered, *helpers, customer.HelperRemoved(employee_id="E6"))
    assert row.helper_ids == ["E7", "E5"]
    assert customer_after(registered, *helpers, customer.OwnerAssigned(owner_id="E7")).helper_ids == ["E6", "E5"]


def test_a_task_remembers_when_it_was_due_at_first() -> None:
    row = task_after(scheduled, example(followup.TaskRescheduled), example(followup.TaskRescheduled))
    assert (row.first_due_at, row.due_at, row.rescheduled_times) == (DUE_AT, DUE_AT + timedelta(days=3), 2)


@pytest.mark.parametrize(("late_by", "on_time"), [(-1, True), (0, True), (1, False)])
def test_done_at_the_very_instant_it_was_due_is_on_time(late_by: int, on_time: bool) -> None:
    done_at = DUE_AT + timedelta(microseconds=late_by)
    row = task_after(scheduled, example(followup.TaskCompleted, due_at=DUE_AT), occurred_at=done_at)
    assert (row.was_on_time, row.completed_at) == (on_time, done_at)


def test_on_time_is_judged_by_the_new_due_time() -> None:
    later = DUE_AT + timedelta(days=3)
    moved, done = example(followup.TaskRescheduled), example(followup.TaskCompleted, due_at=later)
    assert task_after(scheduled, moved, done, occurred_at=later).was_on_time


def test_a_cancelled_task_was_neither_on_time_nor_late() -> None:
    row = task_after(scheduled, example(followup.TaskCancelled))
    assert (row.cancelled_at, row.completed_at, row.was_on_time) == (OCCURRED_AT, None, None)


def test_a_complaint_keeps_its_first_answer() -> None:
    row = complaint_after(
        raised, followup.ComplaintAnswered(employee_id="E1"), followup.ComplaintAnswered(employee_id="E2")
    )
    assert (row.complaint_id, row.answered_by, row.answers, row.closed_at) == (COMPLAINT_ID, "E1", 2, None)


def test_a_complaint_is_over_when_it_is_closed() -> None:
    row = complaint_after(raised, example(followup.ComplaintConfirmed), example(followup.ComplaintClosed))
    assert (row.confirmed_at, row.closed_at, row.resolution) == (OCCURRED_AT, OCCURRED_AT, "replaced")


@pytest.mark.parametrize(("end", "outcome"), [(alerts.AlertCleared, "cleared"), (alerts.AlertWithdrawn, "withdrawn")])
def test_an_alert_ends_one_way_or_the_other(end: type[Event], outcome: str) -> None:
    row = alert_after(example(alerts.AlertRaised), example(end))
    assert (row.status, row.outcome, row.ends_at) == ("resolved", outcome, DUE_AT)


def test_an_open_alert_names_its_causes() -> None:
    row = alert_after(example(alerts.AlertRaised))
    assert (row.alert_id, row.status, row.outcome, row.causes) == (ALERT_ID, "firing", None, [CAUSE_ID])


@pytest.mark.parametrize(
    "event_type",
    [
        *(customer.TierChanged, customer.HelperAdded, customer.OrderDelivered, customer.ContractRenewed),
        *(followup.TaskCompleted, followup.TaskCancelled, followup.TaskReassigned, followup.PlanEnded),
        *(followup.ComplaintClosed, followup.ComplaintLinked, followup.SurveyAnswered),
    ],
)
def test_an_event_whose_first_event_is_missing_makes_no_row(event_type: type[Event]) -> None:
    rows = rows_of([example_envelope(example(event_type))])
    assert not any(getattr(rows, each.name) for each in fields(rows))


def test_events_of_a_task_need_its_row() -> None:
    other = example_envelope(scheduled, stream_id=CONTACT_ID)
    rows = rows_of([other, example_envelope(example(followup.TaskCancelled))])
    assert [row.cancelled_at for row in rows.tasks.values()] == [None]
