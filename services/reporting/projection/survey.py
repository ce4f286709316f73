"""Projects surveys. Anonymous answers refer to no customer and change no row."""

from dataclasses import replace

from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.survey import SurveyEvent
from services.reporting.projection.batch_rows import BatchRows
from services.reporting.projection.rows import SurveyRow


def project(rows: BatchRows, envelope: Envelope[events.AnyEvent], event: SurveyEvent) -> None:
    """Apply one event to the survey's row."""
    survey_id, at = envelope.stream_id, envelope.occurred_at
    match event:
        case events.SurveySent(question=question, anonymous=anonymous):
            rows.surveys[survey_id] = SurveyRow(
                survey_id=survey_id,
                customer_id=envelope.subject,
                is_anonymous=anonymous,
                sent_at=at,
                **question.model_dump(),
                **event.model_dump(include={"channel", "step", "about_id", "expires_at"}),
            )
        case events.SurveyAnswered(score=score):
            rows.surveys[survey_id] = replace(rows.surveys[survey_id], answered_at=at, score=score)
