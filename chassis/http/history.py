"""The event history of one customer or one stream, as REST returns it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from contracts.event import Envelope


class HistoryEntry(BaseModel):
    """One event with both of its times. `data` is the published content, without personal data."""

    id: UUID
    type: str
    customer_id: UUID
    stream_id: UUID
    version: int
    position: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    correlation_id: str
    causation_id: UUID | None
    batch_id: UUID | None
    batch_row: int | None
    data: dict[str, Any]


def entry_of(envelope: Envelope[Any]) -> HistoryEntry:
    origin = envelope.metadata.origin
    return HistoryEntry(
        id=envelope.id,
        type=envelope.event.type,
        customer_id=envelope.subject,
        stream_id=envelope.stream_id,
        version=envelope.version,
        position=envelope.position,
        occurred_at=envelope.occurred_at,
        recorded_at=envelope.recorded_at,
        actor=envelope.metadata.actor,
        correlation_id=envelope.metadata.correlation_id,
        causation_id=envelope.metadata.causation_id,
        batch_id=origin.batch_id if origin else None,
        batch_row=origin.row if origin else None,
        data=envelope.event.model_dump(mode="json", exclude={"type"}, exclude_none=True),
    )
