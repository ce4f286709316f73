"""The read models of this service's own events, one module for each list.

`customers` is separate: it is the read model of the customer service's events.
"""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from contracts.event import Envelope
from services.followup.projection import absences, complaint_repeats, complaints, contacts, guards, surveys, tasks

__all__ = ["TABLES", "apply"]

TABLES = (
    *contacts.TABLES,
    *tasks.TABLES,
    *complaints.TABLES,
    *guards.TABLES,
    *surveys.TABLES,
    *absences.TABLES,
)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    await contacts.apply(envelopes, held)
    await tasks.apply(envelopes, held)
    await complaints.apply(envelopes, held)
    # After the complaints: a repeat may name a complaint of the same batch.
    await complaint_repeats.apply(envelopes, held)
    await guards.apply(envelopes, held)
    await surveys.apply(envelopes, held)
    await absences.apply(envelopes, held)
