"""A complaint in examples: given these facts, when asked this, then that."""

import pytest

from contracts.event import Event
from contracts.examples import OWNER, example
from contracts.followup import (
    Channel,
    ComplaintAnswered,
    ComplaintClosed,
    ComplaintConfirmed,
    ComplaintRaised,
    Severity,
)
from services.followup.commands import Answer, Close, ComplaintCommand, Confirm, Raise
from services.followup.domain.complaint import COMPLAINT
from tests.support.spec import Spec

complaint = Spec(COMPLAINT)
raised = example(ComplaintRaised)
answered = example(ComplaintAnswered)
confirmed = example(ComplaintConfirmed)
closed = example(ComplaintClosed)

complain = Raise(
    channel=Channel.WECHAT, severity=Severity.HIGH, owner_id=OWNER, topic="late-delivery", content="又晚了三天"
)
answer = Answer(employee_id=OWNER, content="明天补发")


def test_a_complaint_belongs_to_whoever_received_it_and_its_words_to_the_vault() -> None:
    complaint.given().when(complain).then(
        ComplaintRaised(
            channel=Channel.WECHAT,
            severity=Severity.HIGH,
            owner_id=OWNER,
            topic="late-delivery",
            content_ref=complain.vault_ref("content"),
        )
    )


@pytest.mark.parametrize("facts", [(raised,), (raised, answered, confirmed, closed)])
def test_raising_a_complaint_twice_records_nothing_new(facts: tuple[Event, ...]) -> None:
    complaint.given(*facts).when(complain).then()


def test_a_complaint_that_nobody_owns_is_refused() -> None:
    complaint.given().when(Raise(channel=Channel.PHONE)).then_rejected("employee-missing")


def test_a_complaint_can_be_answered() -> None:
    complaint.given(raised).when(answer).then(
        ComplaintAnswered(employee_id=OWNER, content_ref=answer.vault_ref("content")),
    )


def test_each_further_answer_is_a_fact_of_its_own() -> None:
    complaint.given(raised, answered).when(answer).then(
        ComplaintAnswered(employee_id=OWNER, content_ref=answer.vault_ref("content")),
    )


def test_an_answer_by_nobody_is_refused() -> None:
    complaint.given(raised).when(Answer()).then_rejected("employee-missing")


@pytest.mark.parametrize("facts", [(confirmed,), (confirmed, closed)])
def test_a_settled_complaint_takes_no_further_answer(facts: tuple[Event, ...]) -> None:
    complaint.given(raised, answered, *facts).when(answer).then_rejected("complaint-settled")


def test_the_customer_can_confirm_an_answer() -> None:
    complaint.given(raised, answered).when(Confirm()).then(ComplaintConfirmed())


def test_there_is_nothing_to_confirm_before_an_answer() -> None:
    complaint.given(raised).when(Confirm()).then_rejected("complaint-unanswered")


@pytest.mark.parametrize("facts", [(confirmed,), (confirmed, closed)])
def test_confirming_twice_records_nothing_new(facts: tuple[Event, ...]) -> None:
    complaint.given(raised, answered, *facts).when(Confirm()).then()


def test_a_confirmed_complaint_can_be_closed() -> None:
    complaint.given(raised, answered, confirmed).when(Close(resolution="replaced")).then(
        ComplaintClosed(resolution="replaced", resolved_in_time=True)
    )


@pytest.mark.parametrize("facts", [(), (answered,)])
def test_a_complaint_is_not_closed_over_the_customers_head(facts: tuple[Event, ...]) -> None:
    complaint.given(raised, *facts).when(Close()).then_rejected("complaint-unconfirmed")


def test_closing_twice_records_nothing_new() -> None:
    complaint.given(raised, answered, confirmed, closed).when(Close(resolution="refunded")).then()


@pytest.mark.parametrize("command", [answer, Confirm(), Close()])
def test_a_complaint_must_be_raised_first(command: ComplaintCommand) -> None:
    complaint.given().when(command).then_rejected("complaint-unknown")
