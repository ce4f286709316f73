"""The rows of orders, contracts, plans and surveys, event by event."""

from datetime import date

from contracts import customer, followup
from contracts.customer import RenewalIntent
from contracts.event import Event
from contracts.examples import (
    CONTRACT_ID,
    CUSTOMER_ID,
    OCCURRED_AT,
    ORDER_ID,
    PLAN_ID,
    TASK_ID,
    example,
    example_envelope,
)
from tests.unit.reporting.story import Rows, rows_of

placed = example(customer.OrderPlaced)
signed = example(customer.ContractSigned)
started = example(followup.PlanStarted)


def rows_after(*events: Event) -> Rows:
    return rows_of(example_envelope(event) for event in events)


def test_an_order_is_placed_and_delivered_or_cancelled() -> None:
    row = rows_after(placed).orders[ORDER_ID]
    assert (row.customer_id, row.amount_minor, row.currency) == (CUSTOMER_ID, placed.amount_minor, placed.currency)
    assert (row.placed_at, row.delivered_at) == (OCCURRED_AT, None)
    assert rows_after(placed, customer.OrderDelivered()).orders[ORDER_ID].delivered_at == OCCURRED_AT
    cancelled = rows_after(placed, customer.OrderCancelled(reason="too-late")).orders[ORDER_ID]
    assert (cancelled.cancelled_at, cancelled.cancel_reason) == (OCCURRED_AT, "too-late")


def test_a_renewed_contract_shows_its_present_term_and_an_unknown_intent() -> None:
    meant = customer.RenewalIntentStated(intent=RenewalIntent.YES)
    assert rows_after(signed, meant).contracts[CONTRACT_ID].renewal_intent == "yes"
    renewed = example(customer.ContractRenewed, starts_on=date(2025, 6, 3), ends_on=date(2026, 6, 2), amount_minor=7)
    row = rows_after(signed, meant, renewed).contracts[CONTRACT_ID]
    assert (row.starts_on, row.ends_on, row.amount_minor) == (date(2025, 6, 3), date(2026, 6, 2), 7)
    assert (row.renewals, row.renewal_intent, row.renewed_at) == (1, "unknown", OCCURRED_AT)
    assert row.kind == signed.kind


def test_a_contract_ends_for_a_reason() -> None:
    row = rows_after(signed, customer.ContractEnded(reason="not-renewed")).contracts[CONTRACT_ID]
    assert (row.ended_at, row.end_reason) == (OCCURRED_AT, "not-renewed")


def test_a_plan_continues_under_another_tier_until_it_ends() -> None:
    changed = example(followup.PlanChanged, number=2, tier="growth")
    row = rows_after(started, changed, example(followup.PlanEnded)).plans[PLAN_ID]
    assert (row.template, row.number, row.tier, row.changed_times) == ("after-hesitation", 2, "growth", 1)
    assert (row.ended_at, row.end_reason) == (OCCURRED_AT, "mode-changed")


def test_a_task_has_its_plan_and_the_number_of_reassignments() -> None:
    row = rows_after(example(followup.TaskScheduled), example(followup.TaskReassigned)).tasks[TASK_ID]
    assert (row.plan_id, row.plan_step, row.channel, row.reassigned_times) == (PLAN_ID, "ask-again", "phone", 1)


def test_a_survey_is_sent_and_answered_by_name() -> None:
    sent = example(followup.SurveySent)
    (row,) = rows_after(sent).surveys.values()
    assert (row.customer_id, row.survey, row.kind, row.highest) == (CUSTOMER_ID, "after-service", "csat", 5)
    assert (row.sent_at, row.expires_at, row.answered_at, row.score) == (OCCURRED_AT, sent.expires_at, None, None)
    (answered,) = rows_after(sent, example(followup.SurveyAnswered)).surveys.values()
    assert (answered.answered_at, answered.score) == (OCCURRED_AT, 4)


def test_what_is_answered_anonymously_leaves_no_row() -> None:
    sent = example(followup.SurveySent, anonymous=True)
    (row,) = rows_after(sent, example(followup.SurveyAnsweredAnonymously)).surveys.values()
    assert (row.is_anonymous, row.answered_at, row.score) == (True, None, None)
