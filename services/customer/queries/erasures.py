"""The certificate of an erasure: which service has erased, when, and how much."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Pool
from chassis.store.erasure import CompletedErasure, erasures_of
from contracts import customer as events
from contracts.erasure_answers import ServiceWithoutVault
from contracts.event import Envelope

ANSWERS = """
    SELECT erasure_id, service, entries, erased_at FROM erasure_answer WHERE erasure_id = ANY($1)
    UNION ALL
    SELECT erasure_id, service, entries, received_at FROM erasure_confirmation WHERE erasure_id = ANY($1)
"""
OURSELVES = "customer"
# Those that take no personal words: they look for some, and have nothing to erase.
WORDLESS: tuple[str, ...] = get_args(ServiceWithoutVault)
OTHERS = ("followup", *WORDLESS)


class AnswerView(BaseModel):
    """What one service has done; both are empty as long as it has not answered.

    For customer and followup, `entries` counts the words that were deleted, at `erased_at`. Alerts and reporting take
    none: theirs is how many they found when they received the erasure, which is 0.
    """

    service: str
    erased_at: datetime | None = None
    entries: int | None = None


class ErasureView(BaseModel):
    """One erasure: of the customer as a whole or, where `key_contact_id` names one, of a key contact."""

    id: UUID
    customer_id: UUID
    key_contact_id: UUID | None
    reason: str
    asked_at: datetime
    asked_by: str
    answers: list[AnswerView]
    is_complete: bool


class Certificate(BaseModel):
    """The erasures of a customer and of its duplicates, in their order."""

    customer_id: UUID
    erasures: list[ErasureView]


async def certificate(pool: Pool, customer_id: UUID, facts: Sequence[Envelope[Any]]) -> Certificate:
    """Return what has become of the erasures among the customer's facts."""
    asked = [fact for fact in facts if isinstance(fact.event, events.ErasureEvent)]
    whose = {fact.subject for fact in asked}
    ours = {(done.subject, done.version): done for each in whose for done in await erasures_of(pool, each)}
    answers = await pool.fetch(ANSWERS, [fact.id for fact in asked])
    theirs = {(row["erasure_id"], row["service"]): AnswerView.model_validate(dict(row)) for row in answers}
    erasures = [erasure_view(fact, ours.get((fact.subject, fact.version)), theirs) for fact in asked]
    return Certificate(customer_id=customer_id, erasures=erasures)


def erasure_view(
    fact: Envelope[events.ErasureEvent], ours: CompletedErasure | None, theirs: dict[tuple[UUID, str], AnswerView]
) -> ErasureView:
    own = AnswerView(service=OURSELVES)
    if ours:
        own = AnswerView(service=OURSELVES, erased_at=ours.erased_at, entries=ours.entries)
    others = [theirs.get((fact.id, name), AnswerView(service=name)) for name in OTHERS]
    return ErasureView(
        id=fact.id,
        customer_id=fact.subject,
        key_contact_id=getattr(fact.event, "key_contact_id", None),
        reason=fact.event.reason,
        asked_at=fact.recorded_at,
        asked_by=fact.metadata.actor,
        answers=[own, *others],
        is_complete=all(map(is_done, (own, *others))),
    )


def is_done(answer: AnswerView) -> bool:
    """Whether a service has answered, and is left without a word."""
    return answer.erased_at is not None and not (answer.service in WORDLESS and answer.entries)
