"""The read model of this service's own events. The detector updates `holders` from the customer service's events."""

from collections.abc import Sequence
from typing import Any, Final

from chassis.postgres.database import Connection
from contracts.alerts import AlertEvent, RuleEvent
from contracts.event import Envelope
from services.alerts.projection import alerts, history, mutes, rules

__all__ = ["CONSUMER", "TABLES", "apply"]

# The name is stored with the positions.
CONSUMER: Final = "alert-list"
TABLES: Final = (*alerts.TABLES, *history.TABLES, *mutes.TABLES, *rules.TABLES)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch to all tables."""
    of_alerts = [each for each in envelopes if isinstance(each.event, AlertEvent)]
    await alerts.apply(of_alerts, held)
    await history.apply(of_alerts, held)
    await rules.apply([each for each in envelopes if isinstance(each.event, RuleEvent)], held)
    await mutes.apply(envelopes, held)
