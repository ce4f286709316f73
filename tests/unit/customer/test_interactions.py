"""Which events of followup count as inputs of tier rules."""

from uuid import uuid4

import pytest

from contracts import followup
from contracts.examples import COMPLAINT_ID, CONTACT_ID, CUSTOMER_ID, OCCURRED_AT, example, example_envelope
from contracts.followup.survey import Question, SurveyKind
from services.customer.projection.followup.interactions import Interaction, interactions, score_of


def test_contacts_complaints_and_survey_answers_count_and_nothing_else() -> None:
    contact, complaint = example(followup.ContactLogged), example(followup.ComplaintRaised)
    automatic = example_envelope(example(followup.ContactLogged, automated=True), stream_id=uuid4())
    others = [example_envelope(example(each)) for each in (followup.TaskScheduled, followup.ComplaintClosed)]
    told = [example_envelope(contact), example_envelope(complaint), automatic, *others]
    assert list(interactions(told)) == [
        Interaction(CONTACT_ID, CUSTOMER_ID, "contact", OCCURRED_AT),
        Interaction(COMPLAINT_ID, CUSTOMER_ID, "complaint", OCCURRED_AT),
    ]


@pytest.mark.parametrize(
    ("kind", "highest", "score", "told"),
    [("nps", 10, 7, 7), ("csat", 5, 1, 0), ("csat", 5, 4, 75), ("csat", 10, 10, 100), ("csat", 4, 2, 33)],
)
def test_an_answer_counts_as_it_is_for_nps_and_in_percent_of_its_scale_for_csat(
    kind: str, highest: int, score: int, told: int
) -> None:
    lowest = 0 if kind == "nps" else 1
    question = Question(survey="after-service", kind=SurveyKind(kind), lowest=lowest, highest=highest)
    answered = example(followup.SurveyAnswered, question=question, score=score)
    assert score_of(answered) == told
    (touch,) = interactions([example_envelope(answered)])
    assert (touch.kind, touch.score) == (kind, told)


def test_an_anonymous_answer_counts_for_no_customer() -> None:
    assert list(interactions([example_envelope(example(followup.SurveyAnsweredAnonymously))])) == []
