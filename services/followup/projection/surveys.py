"""The lists of surveys and of anonymous answers, kept in step with their events, and what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection, Pool
from chassis.postgres.rows import Rows
from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.survey import SurveyEvent
from services.followup.queries.followups import VISIBLE, Filters, Place, listed, one_more


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """One survey sent. What an anonymous one was answered stands elsewhere, and leads nowhere."""

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


@dataclass(frozen=True, slots=True)
class ResultRow:
    """What the answers to one question come to."""

    survey: str
    kind: str
    lowest: int
    highest: int
    anonymous: bool
    answers: int
    mean: float
    satisfied: int
    promoters: int
    detractors: int


SURVEYS = Rows("survey", SurveyRow, "survey_id")
ANONYMOUS = Rows("anonymous_answer", AnonymousRow, "answer_id")
TABLES = ("survey", "anonymous_answer")
MAX_RESULTS = 200
# Names come from our own classes, never from a request.
LIST = f"""
    SELECT {listed(SurveyRow)} FROM survey
    WHERE ($2::timestamptz IS NULL OR (sent_at, survey_id) < ($2, $3::uuid))
      AND ($4::uuid IS NULL OR customer_id = $4)
      AND ($5::text IS NULL OR survey = $5)
      AND ($6::boolean IS NULL OR (answered_at IS NOT NULL) = $6)
      AND {VISIBLE}
    ORDER BY sent_at DESC, survey_id DESC LIMIT $7
"""  # noqa: S608
# Satisfied are the two best of a scale; promoters say 9 or 10, detractors 6 or less.
RESULTS = f"""
    SELECT survey, kind, lowest, highest, anonymous, count(*) AS answers, avg(score)::float8 AS mean,
        count(*) FILTER (WHERE score >= highest - 1) AS satisfied,
        count(*) FILTER (WHERE score >= 9) AS promoters, count(*) FILTER (WHERE score <= 6) AS detractors
    FROM (
        SELECT survey, kind, lowest, highest, false AS anonymous, score FROM survey WHERE score IS NOT NULL
        UNION ALL SELECT survey, kind, lowest, highest, true, score FROM anonymous_answer
    ) AS answered
    GROUP BY survey, kind, lowest, highest, anonymous ORDER BY survey, kind, highest, anonymous LIMIT {MAX_RESULTS}
"""  # noqa: S608


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    own = [each for each in envelopes if isinstance(each.event, SurveyEvent)]
    rows = await SURVEYS.load(held, [each.stream_id for each in own])
    for envelope in own:
        rows[envelope.stream_id] = project(rows.get(envelope.stream_id), envelope)
    await SURVEYS.save(held, list(rows.values()))
    given = [each for each in envelopes if isinstance(each.event, events.SurveyAnsweredAnonymously)]
    await ANONYMOUS.save(held, [anonymous(each) for each in given])


def project(row: SurveyRow | None, envelope: Envelope[SurveyEvent]) -> SurveyRow:
    """Return the row of a survey after one event."""
    event, at = envelope.event, envelope.occurred_at
    match event:
        case events.SurveySent(question=question):
            said = question.model_dump() | event.model_dump(exclude={"type", "question"})
            return SurveyRow(envelope.stream_id, envelope.version, envelope.subject, sent_at=at, **said)
        case events.SurveyAnswered(score=score, comment_ref=ref) if row:
            return replace(row, version=envelope.version, answered_at=at, score=score, comment_ref=ref)
        case _:
            raise LookupError("a survey's first event must be its sending")


def anonymous(envelope: Envelope[events.SurveyAnsweredAnonymously]) -> AnonymousRow:
    event = envelope.event
    return AnonymousRow(
        envelope.stream_id, score=event.score, comment_ref=event.comment_ref, **event.question.model_dump()
    )


class SurveyQueries:
    """Reads the lists."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def surveys(self, filters: Filters, after: Place | None, limit: int) -> list[SurveyRow]:
        """Return surveys, the latest first."""
        at, row_id = (after.at, after.id) if after else (None, None)
        is_answered = None if filters.state is None else filters.state == "answered"
        given = (filters.visible_to, at, row_id, filters.customer_id, filters.kind, is_answered, one_more(limit))
        return [SurveyRow(**row) for row in await self._pool.fetch(LIST, *given)]

    async def results(self) -> list[ResultRow]:
        return [ResultRow(**row) for row in await self._pool.fetch(RESULTS)]
