"""Queries for surveys: the list, and the results of each question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Pool, fetch_planned
from chassis.store.vault_reader import read_personal_data
from contracts.followup import Channel, SurveyKind
from services.followup.projection.surveys import SurveyRow
from services.followup.queries.paging import VISIBLE, SortKey, columns_of, one_more, values_of

# With fewer anonymous answers, a reader could guess who gave them.
LEAST_ANSWERS = 5
MAX_RESULTS = 200
# Names come from our own class, never from a request.
LIST = f"""
    SELECT {columns_of(SurveyRow)} FROM survey
    WHERE ($2::timestamptz IS NULL OR (sent_at, survey_id) < ($2, $3::uuid))
      AND ($4::uuid IS NULL OR customer_id = $4)
      AND ($5::text IS NULL OR survey = $5)
      AND ($6::boolean IS NULL OR (answered_at IS NOT NULL) = $6)
      AND {VISIBLE}
    ORDER BY sent_at DESC, survey_id DESC LIMIT $7
"""  # noqa: S608
# Satisfied: the two best scores of a scale. Promoters: 9 or 10. Detractors: 6 or less.
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


class SurveyState(StrEnum):
    SENT = "sent"
    ANSWERED = "answered"


class SurveyView(BaseModel):
    """A survey and its answer. An anonymous survey never shows whether it was answered, nor the answer."""

    id: UUID
    version: int
    customer_id: UUID
    survey: str
    kind: SurveyKind
    lowest: int
    highest: int
    anonymous: bool
    channel: Channel | None
    key_contact_id: UUID | None
    step: str | None
    about_id: UUID | None
    sent_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    score: int | None
    comment: str | None


class ResultView(BaseModel):
    """The results of one question: `csat` is the share of the two best scores, `nps` is promoters minus detractors.

    The figures of anonymous answers are null until there are enough answers.
    """

    survey: str
    kind: SurveyKind
    lowest: int
    highest: int
    anonymous: bool
    answers: int
    mean: float | None
    csat: float | None
    nps: float | None


@dataclass(frozen=True, slots=True)
class ResultRow:
    """The results of one question, as the statement counts them."""

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


@dataclass(frozen=True, slots=True)
class SurveyFilters:
    """The filters of the list. `visible_to` restricts it to what one employee may see."""

    visible_to: str | None
    customer_id: UUID | None = None
    survey: str | None = None
    state: SurveyState | None = None


class SurveyQueries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, filters: SurveyFilters, after: SortKey | None, limit: int) -> list[SurveyRow]:
        """Return up to `limit` + 1 surveys, the latest first."""
        at, row_id = after or (None, None)
        is_answered = None if filters.state is None else filters.state == SurveyState.ANSWERED
        given = (filters.visible_to, at, row_id, filters.customer_id, filters.survey, is_answered, one_more(limit))
        return [SurveyRow(**row) for row in await fetch_planned(self._pool, LIST, *given)]

    async def views(self, rows: Sequence[SurveyRow]) -> list[SurveyView]:
        """Return the rows with their comments from the vault."""
        words = await read_personal_data(self._pool, (row.comment_ref for row in rows))
        return [
            SurveyView.model_validate({**values_of(row), "id": row.survey_id, "comment": words.get(row.comment_ref)})
            for row in rows
        ]

    async def results(self) -> list[ResultView]:
        """Return the results of each question, of up to `MAX_RESULTS` questions."""
        return [result(ResultRow(**row)) for row in await self._pool.fetch(RESULTS)]


def result(row: ResultRow) -> ResultView:
    """Return the figures of a question; those of anonymous answers only when there are enough of them."""
    is_shown = not row.anonymous or row.answers >= LEAST_ANSWERS
    csat = row.satisfied / row.answers if is_shown and row.kind == SurveyKind.CSAT else None
    nps = (row.promoters - row.detractors) * 100 / row.answers if is_shown and row.kind == SurveyKind.NPS else None
    return ResultView.model_validate(
        values_of(row) | {"mean": row.mean if is_shown else None, "csat": csat, "nps": nps}
    )
