"""When somebody spoke with a customer, and when it complained: taken from followup's topic, counted by tier rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection
from chassis.rows import Rows
from contracts import followup
from contracts.event import Envelope
from services.customer.tiering import memory

TABLES = ("touch",)
CONTACT, COMPLAINT = "contact", "complaint"


@dataclass(frozen=True, slots=True)
class Touch:
    touch_id: UUID
    customer_id: UUID
    kind: str
    at: datetime


TOUCHES = Rows("touch", Touch, "touch_id")


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch of followup's events. What nobody said or did in person counts for nothing."""
    await TOUCHES.save(held, list(touches(envelopes)))
    found = [envelope for envelope in envelopes if kind_of(envelope)]
    await memory.mark(held, {envelope.subject: envelope.recorded_at for envelope in found})


def touches(envelopes: Sequence[Envelope[Any]]) -> Iterator[Touch]:
    for envelope in envelopes:
        if kind := kind_of(envelope):
            yield Touch(envelope.stream_id, envelope.subject, kind, envelope.occurred_at)


def kind_of(envelope: Envelope[Any]) -> str | None:
    match envelope.event:
        case followup.ContactLogged(automated=False):
            return CONTACT
        case followup.ComplaintRaised():
            return COMPLAINT
        case _:
            return None
