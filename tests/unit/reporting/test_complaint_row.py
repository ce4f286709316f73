"""A complaint's row, event by event: its targets and pauses, its reopenings, and its repeats."""

from datetime import timedelta

import pytest

from contracts import followup
from contracts.event import Event
from contracts.examples import COMPLAINT_ID, OCCURRED_AT, TASK_ID, example, example_envelope
from tests.oracles.reporting.rows import ComplaintRow
from tests.unit.reporting.story import rows_of

raised = example(followup.ComplaintRaised)
promised = example(followup.ComplaintTargetSet)
paused = example(followup.ComplaintPaused)
resumed = followup.ComplaintResumed()
told = example(followup.ComplaintCommunicated)
confirmed = followup.ComplaintConfirmed()
closed = example(followup.ComplaintClosed)
reopened = example(followup.ComplaintReopened)
A_DAY = timedelta(days=1)


def answered(*, in_time: bool) -> followup.ComplaintAnswered:
    return followup.ComplaintAnswered(employee_id="E1", answered_in_time=in_time, resolved_in_time=in_time)


def complaint_after(*events: Event) -> ComplaintRow:
    """Return the row after these facts, each a day after the one before."""
    days = [OCCURRED_AT + number * A_DAY for number in range(len(events))]
    told_then = [example_envelope(event, occurred_at=day) for event, day in zip(events, days, strict=True)]
    return rows_of(told_then).complaints[COMPLAINT_ID]


def test_it_says_what_it_is_about_and_by_which_door_it_came() -> None:
    row = complaint_after(example(followup.ComplaintRaised, intake="partner", partner="dealer-7"))
    assert (row.category, row.product, row.intake, row.partner) == ("delivery", "cloud-server", "partner", "dealer-7")


def test_another_severity_is_what_it_weighs() -> None:
    assert complaint_after(raised, example(followup.ComplaintReclassified, severity="low")).severity == "low"


def test_what_is_promised_is_due_until_the_clock_stops() -> None:
    row = complaint_after(raised, promised)
    assert (row.answer_by, row.resolve_by) == (promised.answer_by, promised.resolve_by)
    still = complaint_after(raised, promised, paused)
    assert (still.answer_by, still.resolve_by, still.paused_at) == (None, None, OCCURRED_AT + 2 * A_DAY)


def test_pauses_add_up_and_a_changed_target_is_what_holds() -> None:
    later = promised.answer_by + A_DAY
    changed = example(followup.ComplaintTargetChanged, answer_by=later)
    row = complaint_after(raised, promised, paused, resumed, changed, paused, resumed, changed)
    assert (row.pauses, row.paused_seconds, row.paused_at) == (2, 2 * 86_400, None)
    assert row.answer_by == later


def test_resuming_what_was_not_paused_counts_nothing() -> None:
    assert complaint_after(raised, resumed).paused_seconds == 0


def test_a_reopened_complaint_keeps_its_verdicts_and_begins_anew_otherwise() -> None:
    first_round = (raised, promised, answered(in_time=False), told, confirmed, closed)
    over = complaint_after(*first_round)
    assert (over.communicated_at, over.confirmed_at) == (OCCURRED_AT + 3 * A_DAY, OCCURRED_AT + 4 * A_DAY)
    assert (over.closed_at, over.awaits_answer) == (OCCURRED_AT + 5 * A_DAY, False)
    row = complaint_after(*first_round, reopened)
    assert (row.communicated_at, row.confirmed_at, row.closed_at, row.resolution) == (None, None, None, None)
    assert (row.reopened_at, row.reopened_times, row.awaits_answer) == (OCCURRED_AT + 6 * A_DAY, 1, True)
    assert (row.answered_at, row.first_closed_at) == (OCCURRED_AT + 2 * A_DAY, OCCURRED_AT + 5 * A_DAY)
    second = complaint_after(
        *first_round, reopened, answered(in_time=True), confirmed, followup.ComplaintClosed(resolved_in_time=False)
    )
    assert (second.was_answered_in_time, second.was_resolved_in_time, second.answers) == (False, True, 2)
    assert second.closed_at == OCCURRED_AT + 9 * A_DAY


def test_consent_by_silence_differs_from_a_confirmation() -> None:
    row = complaint_after(raised, answered(in_time=True), told, example(followup.ComplaintConsented))
    assert (row.consented_at, row.confirmed_at) == (OCCURRED_AT + 3 * A_DAY, None)


def test_an_assigned_complaint_has_the_new_owner() -> None:
    assert complaint_after(raised, followup.ComplaintAssigned(previous_owner_id="E1", owner_id="E9")).owner_id == "E9"


def test_a_repeat_names_the_first_and_its_number_and_may_escalate() -> None:
    linked, escalated = example(followup.ComplaintLinked), example(followup.ComplaintEscalated)
    row = complaint_after(raised, linked)
    assert (row.first_id, row.repeat_number, row.escalation_level) == (TASK_ID, 3, 0)
    assert complaint_after(raised, linked, escalated).escalation_level == 1


@pytest.mark.parametrize("resolution", ["replaced", None])
def test_an_answer_given_before_the_promise_was_kept_stays_without_a_verdict(resolution: str | None) -> None:
    unclocked = followup.ComplaintAnswered(employee_id="E1")
    row = complaint_after(raised, unclocked, confirmed, followup.ComplaintClosed(resolution=resolution))
    assert (row.was_answered_in_time, row.was_resolved_in_time, row.resolution) == (None, None, resolution)
