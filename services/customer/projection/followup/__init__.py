"""The read model of followup's events: open items, interactions, and answers to erasures."""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from contracts.event import Envelope
from services.customer.erasure import execution
from services.customer.projection.followup import interactions, open_items

# The name is stored with the positions, so it must not change.
CONSUMER = "customer-open-items"
TABLES = (*open_items.TABLES, *interactions.TABLES, *execution.TABLES)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch of followup's events. The consumer calls this inside its own transaction."""
    await open_items.apply(envelopes, held)
    await interactions.apply(envelopes, held)
    await execution.receive_answers(envelopes, held)
