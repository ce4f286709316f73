"""The lists of surveys and of anonymous answers, updated from their events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.survey import SurveyEvent
from services.followup.projection.by_stream import keep


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """One survey sent. The answer to an anonymous one is an `AnonymousRow`, which does not refer to it."""

    survey_id: UUID
    version: int
    customer_id: UUID
    survey: str
    kind: str
    lowest: int
    highest: int
    anonymous: bool
    channel: str | None
    key_contact_id: UUID | None
    step: str | None
    about_id: UUID | None
    sent_at: datetime
    expires_at: datetime
    answered_at: datetime | None = None
    score: int | None = None
    comment_ref: UUID | None = None


@dataclass(frozen=True, slots=True)
class AnonymousRow:
    answer_id: UUID
    survey: str
    kind: str
    lowest: int
    highest: int
    score: int
    comment_ref: UUID | None


SURVEYS = Rows("survey", SurveyRow, "survey_id")
ANONYMOUS = Rows("anonymous_answer", AnonymousRow, "answer_id")
TABLES = ("survey", "anonymous_answer")


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    own = [each for each in envelopes if isinstance(each.event, SurveyEvent)]
    await keep(SURVEYS, project, own, held)
    given = [each for each in envelopes if isinstance(each.event, events.SurveyAnsweredAnonymously)]
    await ANONYMOUS.save(held, [anonymous(each) for each in given])


def project(row: SurveyRow | None, envelope: Envelope[SurveyEvent]) -> SurveyRow:
    """Return the row of a survey after one event."""
    event, at = envelope.event, envelope.occurred_at
    match event:
        case events.SurveySent(question=question):
            values = question.model_dump() | event.model_dump(exclude={"type", "question"})
            return SurveyRow(envelope.stream_id, envelope.version, envelope.subject, sent_at=at, **values)
        case events.SurveyAnswered(score=score, comment_ref=ref) if row:
            return replace(row, version=envelope.version, answered_at=at, score=score, comment_ref=ref)
        case _:
            raise LookupError("a survey's first event must be its sending")


def anonymous(envelope: Envelope[events.SurveyAnsweredAnonymously]) -> AnonymousRow:
    event = envelope.event
    return AnonymousRow(
        envelope.stream_id, score=event.score, comment_ref=event.comment_ref, **event.question.model_dump()
    )
