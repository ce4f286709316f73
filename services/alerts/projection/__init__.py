"""The read model of this service's own events. The detector updates `holders` from the customer service's events."""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from contracts.alerts import RuleEvent
from contracts.event import Envelope
from services.alerts.projection import alerts, rules

__all__ = ["CONSUMER", "TABLES", "apply"]

# The name is stored with the positions.
CONSUMER = "alert-list"
TABLES = (*alerts.TABLES, *rules.TABLES)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch."""
    await alerts.apply([each for each in envelopes if not isinstance(each.event, RuleEvent)], held)
    await rules.apply([each for each in envelopes if isinstance(each.event, RuleEvent)], held)
