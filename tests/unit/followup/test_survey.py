"""Surveys in examples: sent, answered once, in time and on their scale."""

from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr, ValidationError

from chassis.store.pseudonym import Pseudonyms
from contracts.examples import OCCURRED_AT, QUESTION, SURVEY_ID, example
from contracts.followup import SurveyAnswered, SurveyAnsweredAnonymously, SurveyKind, SurveyPolicyPublished, SurveySent
from contracts.followup.survey import Question
from services.followup.commands.survey import (
    AnswerAnonymously,
    AnswerAt,
    AnswerSurvey,
    PublishSurveyPolicy,
    SendAt,
    SendSurvey,
)
from services.followup.domain.survey import ANONYMOUS_ANSWER, SURVEY, policy_of
from services.followup.surveys.invitations import Invitations
from tests.support.spec import Spec

survey = Spec(SURVEY)
SEND = SendAt(survey="after-service", kind=SurveyKind.CSAT, at=OCCURRED_AT)
SENT = SurveySent(question=QUESTION, expires_at=OCCURRED_AT + timedelta(days=30))
INVITATIONS = Invitations(Pseudonyms(SecretStr("k" * 32)))


def answer(score: int, days_later: float = 1) -> AnswerAt:
    return AnswerAt(score=score, at=OCCURRED_AT + timedelta(days=days_later))


def test_a_survey_is_sent_once_and_answered_once() -> None:
    survey.given().when(SEND).then(SENT)
    survey.given(SENT).when(SEND).then()
    survey.given(SENT).when(answer(4)).then(SurveyAnswered(question=QUESTION, score=4))
    survey.given(SENT, example(SurveyAnswered)).when(answer(4)).then_rejected("survey-answered")
    survey.given().when(answer(4)).then_rejected("survey-unknown")


@pytest.mark.parametrize(("score", "is_on_scale"), [(0, False), (1, True), (5, True), (6, False)])
def test_an_answer_lies_on_the_scale_that_was_declared(score: int, is_on_scale: bool) -> None:
    spec = survey.given(SENT).when(answer(score))
    if is_on_scale:
        spec.then(SurveyAnswered(question=QUESTION, score=score))
    else:
        spec.then_rejected("score-off-scale")


def test_it_can_be_answered_up_to_the_last_instant() -> None:
    survey.given(SENT).when(answer(5, 30)).then(SurveyAnswered(question=QUESTION, score=5))
    survey.given(SENT).when(answer(5, 30.01)).then_rejected("survey-expired")


def test_nps_has_one_scale_and_csat_the_one_that_is_named() -> None:
    nps = SendSurvey(survey="yearly", kind=SurveyKind.NPS)
    assert nps.question == Question(survey="yearly", kind=SurveyKind.NPS, lowest=0, highest=10)
    assert SendSurvey(survey="after-service", kind=SurveyKind.CSAT, highest=7).question.highest == 7
    with pytest.raises(ValidationError):
        SendSurvey(survey="yearly", kind=SurveyKind.NPS, highest=5)


@pytest.mark.parametrize("score", [-1, 11, 4.5, True, "4"])
def test_a_score_is_a_whole_number_from_0_to_10(score: object) -> None:
    with pytest.raises(ValidationError):
        AnswerSurvey.model_validate({"score": score})


def test_an_anonymous_answer_is_given_once_and_on_its_scale() -> None:
    spec, given = Spec(ANONYMOUS_ANSWER), AnswerAnonymously(score=2, question=QUESTION)
    said = SurveyAnsweredAnonymously(question=QUESTION, score=2)
    spec.given().when(given).then(said)
    spec.given(said).when(given).then_rejected("survey-answered")
    spec.given().when(given.model_copy(update={"score": 6})).then_rejected("score-off-scale")


def test_a_code_leads_to_its_survey_and_a_forged_one_nowhere() -> None:
    code = INVITATIONS.code_of(SURVEY_ID)
    assert INVITATIONS.survey_of(code) == SURVEY_ID
    forged = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert INVITATIONS.survey_of(forged) is None
    assert Invitations(Pseudonyms(SecretStr("j" * 32))).survey_of(code) is None


def test_the_answers_of_one_invitation_meet_and_tell_nothing_of_it() -> None:
    code, other = INVITATIONS.code_of(SURVEY_ID), INVITATIONS.code_of(UUID(int=7))
    answers = {INVITATIONS.answer_of(each) for each in (code, code, other)}
    assert len(answers) == 2
    assert not answers & {SURVEY_ID, UUID(code[32:])}


def test_a_policy_asks_on_the_usual_scale() -> None:
    asked = PublishSurveyPolicy(survey="after-service", kind=SurveyKind.CSAT)
    said = SurveyPolicyPublished(number=1, after=(), question=QUESTION, valid_days=30, rest_days=90)
    assert policy_of(asked) == said
