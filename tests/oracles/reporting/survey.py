"""The row of a survey after one more event."""

from dataclasses import replace
from typing import Any

from contracts import followup as events
from contracts.event import Envelope
from tests.oracles.reporting.rows import SurveyRow


def evolve(row: SurveyRow | None, envelope: Envelope[Any]) -> SurveyRow | None:
    event, at = envelope.event, envelope.occurred_at
    if isinstance(event, events.SurveySent):
        return SurveyRow(
            survey_id=envelope.stream_id,
            customer_id=envelope.subject,
            is_anonymous=event.anonymous,
            sent_at=at,
            **event.question.model_dump(),
            **event.model_dump(include={"channel", "step", "about_id", "expires_at"}),
        )
    return row and replace(row, answered_at=at, score=event.score)
