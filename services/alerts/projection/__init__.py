"""The read model of this service's own events. The detector updates `holders` from the customer service's events."""

from collections.abc import Sequence
from typing import Any, Final

from chassis.postgres.database import Connection
from contracts.event import Envelope
from services.alerts.projection import alerts, history

__all__ = ["CONSUMER", "TABLES", "apply"]

# The name is stored with the positions.
CONSUMER: Final = "alert-list"
TABLES: Final = (*alerts.TABLES, *history.TABLES)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch to all tables."""
    await alerts.apply(envelopes, held)
    await history.apply(envelopes, held)
