"""The read model of this service's own events. The detector updates `holders` from the customer service's events."""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from contracts.event import Envelope
from services.alerts.projection import alerts, mutes

__all__ = ["CONSUMER", "TABLES", "apply"]

# The name is stored with the positions.
CONSUMER = "alert-list"
TABLES = (*alerts.TABLES, *mutes.TABLES)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    await alerts.apply(envelopes, held)
    await mutes.apply(envelopes, held)
