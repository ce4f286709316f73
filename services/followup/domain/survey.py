"""The rules of surveys: sent once, answered once, in time and on the scale; and of anonymous answers."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.commands.decider import Decider, RejectedError
from chassis.versions.decider import FIRST_NUMBER, Kind
from contracts import followup as events
from contracts.followup.survey import Question, SurveyEvent
from services.followup.commands.survey import AnswerAnonymously, AnswerAt, PublishSurveyPolicy, SendAt

Event = SurveyEvent


@dataclass(frozen=True, slots=True)
class Survey:
    """Only what a later decision needs; everything else belongs in a read model."""

    question: Question
    expires_at: datetime
    anonymous: bool
    is_answered: bool = False


def decide(survey: Survey | None, command: SendAt | AnswerAt) -> list[Event]:
    """Return the events that `command` causes: none if it changes nothing."""
    match survey, command:
        case None, SendAt():
            return [sent(command)]
        case Survey(), SendAt():
            return []
        case Survey(is_answered=False), AnswerAt():
            return [answered(survey, command)]
        case Survey(), AnswerAt():
            raise already_answered()
        case _:
            raise RejectedError("survey-unknown", "There is no such survey.", "没有该问卷。")


def sent(command: SendAt) -> events.SurveySent:
    values = command.model_dump(include={"anonymous", "channel", "key_contact_id", "step", "about_id"})
    expires_at = command.at + timedelta(days=command.valid_days)
    return events.SurveySent(question=command.question, expires_at=expires_at, **values)


def answered(survey: Survey, command: AnswerAt) -> events.SurveyAnswered:
    require_in_time(survey, command.at)
    require_on_scale(survey.question, command.score)
    return events.SurveyAnswered(
        question=survey.question, score=command.score, comment_ref=command.vault_ref("comment")
    )


def require_in_time(survey: Survey, at: datetime) -> None:
    if at > survey.expires_at:
        raise RejectedError(
            "survey-expired",
            f"This survey could only be answered until {survey.expires_at:%Y-%m-%d %H:%M} UTC.",
            f"该问卷的作答截止时间为 {survey.expires_at:%Y-%m-%d %H:%M}（UTC）。",
        )


def require_on_scale(question: Question, score: int) -> None:
    if not question.lowest <= score <= question.highest:
        raise RejectedError(
            "score-off-scale",
            f"The score of this survey must be from {question.lowest} to {question.highest}.",
            f"该问卷的评分范围为 {question.lowest} 到 {question.highest}。",
            "score",
        )


def already_answered() -> RejectedError:
    return RejectedError("survey-answered", "This invitation has already been answered.", "该邀请已作答。")


def evolve(survey: Survey | None, event: Event) -> Survey | None:
    """Apply one event. An event is never refused: it has already happened."""
    match event:
        case events.SurveySent(question=question, expires_at=expires_at, anonymous=anonymous):
            return Survey(question, expires_at, anonymous)
        case events.SurveyAnswered():
            return survey and replace(survey, is_answered=True)


SURVEY: Decider[Survey | None] = Decider(initial=None, decide=decide, evolve=evolve)


def decide_anonymous(answered: bool, command: AnswerAnonymously) -> list[events.SurveyAnsweredAnonymously]:
    """Return the answer. Each invitation has one stream, so a second answer is refused."""
    if answered:
        raise already_answered()
    require_on_scale(command.question, command.score)
    values = command.model_dump(include={"score"})
    ref = command.vault_ref("comment")
    return [events.SurveyAnsweredAnonymously(question=command.question, comment_ref=ref, **values)]


def evolve_anonymous(_answered: bool, _event: events.SurveyAnsweredAnonymously) -> bool:
    return True


ANONYMOUS_ANSWER: Decider[bool] = Decider(initial=False, decide=decide_anonymous, evolve=evolve_anonymous)

SURVEY_POLICY: Kind[events.SurveyPolicyPublished] = Kind(("survey-policy", "default"))


def policy_of(command: PublishSurveyPolicy) -> events.SurveyPolicyPublished:
    """Return the policy as a version."""
    values = command.model_dump(exclude={"survey", "kind", "highest"})
    return events.SurveyPolicyPublished(number=FIRST_NUMBER, question=command.question, **values)
