"""All lists that are kept in step with this service's own events."""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from contracts.event import Envelope
from services.followup.projection import absences, followups, guards, surveys

TABLES = (*followups.TABLES, *guards.TABLES, *surveys.TABLES, *absences.TABLES)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    await followups.apply(envelopes, held)
    await guards.apply(envelopes, held)
    await surveys.apply(envelopes, held)
    await absences.apply(envelopes, held)
