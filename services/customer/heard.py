"""What this service keeps of what followup tells: open work, and answers to erasures."""

from collections.abc import Sequence
from typing import Any

from chassis.database import Connection
from contracts.event import Envelope
from services.customer import erasing, open_items

TABLES = (*open_items.TABLES, *erasing.TABLES)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch of followup's events. The consumer calls this inside its own transaction."""
    await open_items.apply(envelopes, held)
    await erasing.answered(envelopes, held)
