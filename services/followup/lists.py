"""All lists that are kept in step with this service's own events."""

from collections.abc import Sequence
from typing import Any

from chassis.database import Connection
from contracts.event import Envelope
from services.followup import projection
from services.followup.absences import listing as absences
from services.followup.guarding import listing as guards
from services.followup.surveying import listing as surveys

TABLES = (*projection.TABLES, *guards.TABLES, *surveys.TABLES, *absences.TABLES)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    await projection.apply(envelopes, held)
    await guards.apply(envelopes, held)
    await surveys.apply(envelopes, held)
    await absences.apply(envelopes, held)
