"""The certificate of an erasure: which services have erased, when, and how many entries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Pool
from chassis.store.erasure import CompletedErasure, erasures_of
from contracts import customer as events
from contracts.erasure_answers import ConfirmingService
from contracts.event import Envelope

ANSWERS = """
    SELECT erasure_id, service, entries, erased_at FROM erasure_answer WHERE erasure_id = ANY($1)
    UNION ALL
    SELECT erasure_id, service, entries, received_at FROM erasure_confirmation WHERE erasure_id = ANY($1)
"""
OURSELVES = "customer"
OTHERS: tuple[str, ...] = ("followup", *get_args(ConfirmingService))
# Stores no personal data: it confirms that it found none.
WITHOUT_PERSONAL_DATA = "reporting"


class AnswerView(BaseModel):
    """The answer of one service; `erased_at` and `entries` are empty until it has answered.

    For customer, followup and alerts, `entries` counts the vault entries deleted at `erased_at`. Reporting stores no
    personal data: its `entries` is what it found when it received the erasure, which must be 0.
    """

    service: str
    erased_at: datetime | None = None
    entries: int | None = None


class ErasureView(BaseModel):
    """One erasure: of the key contact if `key_contact_id` is present, otherwise of the customer."""

    id: UUID
    customer_id: UUID
    key_contact_id: UUID | None
    reason: str
    asked_at: datetime
    asked_by: str
    answers: list[AnswerView]
    is_complete: bool


class Certificate(BaseModel):
    """The erasures of a customer and of its duplicates, in order."""

    customer_id: UUID
    erasures: list[ErasureView]


async def certificate(pool: Pool, customer_id: UUID, envelopes: Sequence[Envelope[Any]]) -> Certificate:
    """Return the erasures among the customer's events, with the answers of each service."""
    erasing = [each for each in envelopes if isinstance(each.event, events.ErasureEvent)]
    subjects = {each.subject for each in erasing}
    ours = {(done.subject, done.version): done for each in subjects for done in await erasures_of(pool, each)}
    answers = await pool.fetch(ANSWERS, [each.id for each in erasing])
    theirs = {(row["erasure_id"], row["service"]): AnswerView.model_validate(dict(row)) for row in answers}
    erasures = [erasure_view(each, ours.get((each.subject, each.version)), theirs) for each in erasing]
    return Certificate(customer_id=customer_id, erasures=erasures)


def erasure_view(
    envelope: Envelope[events.ErasureEvent], ours: CompletedErasure | None, theirs: dict[tuple[UUID, str], AnswerView]
) -> ErasureView:
    own = AnswerView(service=OURSELVES)
    if ours:
        own = AnswerView(service=OURSELVES, erased_at=ours.erased_at, entries=ours.entries)
    others = [theirs.get((envelope.id, name), AnswerView(service=name)) for name in OTHERS]
    return ErasureView(
        id=envelope.id,
        customer_id=envelope.subject,
        key_contact_id=getattr(envelope.event, "key_contact_id", None),
        reason=envelope.event.reason,
        asked_at=envelope.recorded_at,
        asked_by=envelope.metadata.actor,
        answers=[own, *others],
        is_complete=all(map(is_done, (own, *others))),
    )


def is_done(answer: AnswerView) -> bool:
    """Whether the service has answered and holds no personal data any more."""
    return answer.erased_at is not None and not (answer.service == WITHOUT_PERSONAL_DATA and answer.entries)
