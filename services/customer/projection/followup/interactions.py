"""Contacts, complaints and survey answers of customers: inputs of the tier rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import followup
from contracts.event import Envelope
from contracts.followup.survey import Question, SurveyKind
from services.customer.tiers import evaluation_queue

TABLES = ("interaction",)
CONTACT, COMPLAINT = "contact", "complaint"


@dataclass(frozen=True, slots=True)
class Interaction:
    interaction_id: UUID
    customer_id: UUID
    kind: str
    at: datetime
    score: int | None = None


INTERACTIONS = Rows("interaction", Interaction, "interaction_id")


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch of followup's events. Automated contacts do not count."""
    await INTERACTIONS.save(held, list(interactions(envelopes)))
    found = [envelope for envelope in envelopes if kind_of(envelope)]
    await evaluation_queue.mark(held, {envelope.subject: envelope.recorded_at for envelope in found})


def interactions(envelopes: Sequence[Envelope[Any]]) -> Iterator[Interaction]:
    for envelope in envelopes:
        if kind := kind_of(envelope):
            yield Interaction(
                envelope.stream_id, envelope.subject, kind, envelope.occurred_at, score_of(envelope.event)
            )


def kind_of(envelope: Envelope[Any]) -> str | None:
    match envelope.event:
        case followup.ContactLogged(automated=False):
            return CONTACT
        case followup.ComplaintRaised():
            return COMPLAINT
        case followup.SurveyAnswered(question=question):
            return question.kind
        case _:
            return None


def score_of(event: Any) -> int | None:
    """Return the score of an answer for the rules: NPS unchanged, CSAT in percent of its declared scale."""
    match event:
        case followup.SurveyAnswered(question=Question(kind=SurveyKind.NPS), score=score):
            return score
        case followup.SurveyAnswered(question=question, score=score):
            return 100 * (score - question.lowest) // (question.highest - question.lowest)
        case _:
            return None
