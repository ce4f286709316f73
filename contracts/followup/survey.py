"""Surveys of customers: CSAT on a declared scale, or NPS from 0 to 10."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import Event
from contracts.followup.contact import Channel
from contracts.followup.plan import MAX_TRIGGERS, PlanTrigger
from contracts.types import Code, Instant
from contracts.version import Published

LOWEST_CSAT, LOWEST_NPS, HIGHEST_NPS = 1, 0, 10
MAX_VALID_DAYS, MAX_REST_DAYS = 365, 365

Highest = Annotated[int, Field(strict=True, ge=2, le=10)]
ValidDays = Annotated[int, Field(strict=True, ge=1, le=MAX_VALID_DAYS)]
RestDays = Annotated[int, Field(strict=True, ge=0, le=MAX_REST_DAYS)]


class SurveyKind(StrEnum):
    CSAT = "csat"
    NPS = "nps"


class Question(BaseModel):
    """The question of a survey. The score is between `lowest` and `highest`, both included."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    survey: Code
    kind: SurveyKind
    lowest: int = Field(ge=0, le=1)
    highest: int = Field(ge=2, le=10)


class SurveySent(Event):
    """A survey is ready to be sent to the customer. The answer to an anonymous survey contains no customer id."""

    type: Literal["care.followup.survey-sent.v1"] = "care.followup.survey-sent.v1"
    question: Question
    anonymous: bool = False
    channel: Channel | None = None
    key_contact_id: UUID | None = None
    step: Code | None = None
    about_id: UUID | None = None
    expires_at: Instant


class SurveyAnswered(Event):
    """The customer answered a survey."""

    type: Literal["care.followup.survey-answered.v1"] = "care.followup.survey-answered.v1"
    question: Question
    score: int = Field(ge=0, le=10)
    comment_ref: UUID | None = None


class SurveyAnsweredAnonymously(Event):
    """An anonymous survey was answered. The subject is the answer, not a customer (ADR 0015)."""

    type: Literal["care.followup.survey-answered-anonymously.v1"] = "care.followup.survey-answered-anonymously.v1"
    question: Question
    score: int = Field(ge=0, le=10)
    comment_ref: UUID | None = None


class SurveyPolicyPublished(Published):
    """A new version of the survey policy was published: after which events customers are asked, and what.

    A customer that received a survey within the last `rest_days` days is not asked again.
    """

    type: Literal["care.followup.survey-policy-published.v1"] = "care.followup.survey-policy-published.v1"
    after: Annotated[tuple[PlanTrigger, ...], Field(max_length=MAX_TRIGGERS)]
    question: Question
    anonymous: bool = False
    channel: Channel | None = None
    valid_days: int = Field(ge=1, le=MAX_VALID_DAYS)
    rest_days: int = Field(ge=0, le=MAX_REST_DAYS)


SurveyEvent = SurveySent | SurveyAnswered
SurveyConfiguration = SurveyPolicyPublished | SurveyAnsweredAnonymously
