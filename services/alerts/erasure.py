"""Deletes the texts about an erased customer, and records the erasure, to be confirmed on a topic (ADR 0022)."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from chassis.consume import erasure_answers
from chassis.postgres.database import Connection
from chassis.store.erasure import Erasure, erase
from contracts.customer import ErasureEvent
from contracts.event import Envelope


async def receive(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Carry out the erasures among the events, in the consumer's transaction. It locks the store."""
    for each in envelopes:
        if isinstance(each.event, ErasureEvent):
            await erasure_answers.receive([(each.id, each.subject)], held, partial(deleted, each))


async def deleted(request: Envelope[ErasureEvent], held: Connection, customer_id: UUID) -> int:
    """Return how many texts were deleted: none for a key contact, whom no text of this service names."""
    person_id = getattr(request.event, "key_contact_id", None)
    return await erase(held, Erasure(customer_id, request.version, person_id)) or 0
