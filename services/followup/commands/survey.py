"""Commands for surveys."""

from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator

from chassis.commands.command import Command, FactCommand
from chassis.versions.decider import Publication
from contracts.field_error import FieldError
from contracts.followup import Channel, SurveyKind
from contracts.followup.survey import HIGHEST_NPS, LOWEST_CSAT, LOWEST_NPS, Highest, Question, RestDays, ValidDays
from contracts.types import Code, Instant, Note
from services.followup.commands.plan_template import Triggers

USUAL_HIGHEST = 5

Score = Annotated[int, Field(strict=True, ge=0, le=HIGHEST_NPS)]


class SurveySettings(Command):
    """The question and how it is sent. CSAT is answered from 1 to `highest`, 5 if absent; NPS from 0 to 10."""

    survey: Code
    kind: SurveyKind
    highest: Highest | None = None
    anonymous: bool = False
    channel: Channel | None = None
    valid_days: ValidDays = 30

    @model_validator(mode="after")
    def _one_scale_for_nps(self) -> Self:
        if self.kind is SurveyKind.NPS and self.highest not in {None, HIGHEST_NPS}:
            raise FieldError("NPS is answered from 0 to 10", "NPS 的评分范围为 0 到 10", "highest")
        return self

    @property
    def question(self) -> Question:
        usual, lowest = (HIGHEST_NPS, LOWEST_NPS) if self.kind is SurveyKind.NPS else (USUAL_HIGHEST, LOWEST_CSAT)
        return Question(survey=self.survey, kind=self.kind, lowest=lowest, highest=self.highest or usual)


class SendSurvey(SurveySettings):
    """Send a survey about a step of service. `about_id` is the id of its task, complaint or contact."""

    key_contact_id: UUID | None = None
    step: Code | None = None
    about_id: UUID | None = None


class SendAt(SendSurvey):
    """The same command, with its time."""

    at: Instant


class PublishSurveyPolicy(SurveySettings, Publication):
    """The events after which surveys are sent. Without events, none are sent."""

    after: Triggers = ()
    rest_days: RestDays = 90


class AnswerSurvey(FactCommand):
    """Record the answer to a survey."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"comment"})

    score: Score
    comment: Note | None = None


class AnswerAt(AnswerSurvey):
    """The same command, with its time."""

    at: Instant


class AnswerAnonymously(AnswerSurvey):
    """The same command, without a reference to the customer or the survey."""

    question: Question
