"""What this service keeps of what followup tells: open work, and answers to erasures."""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from contracts.event import Envelope
from services.customer.erasure import execution
from services.customer.projection import open_items

TABLES = (*open_items.TABLES, *execution.TABLES)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch of followup's events. The consumer calls this inside its own transaction."""
    await open_items.apply(envelopes, held)
    await execution.answered(envelopes, held)
