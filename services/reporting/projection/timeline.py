"""Projects the timeline: all events about a customer, of every service."""

from typing import Any

from contracts.event import Envelope
from contracts.topics import Topic
from services.reporting.projection.batch_rows import BatchRows
from services.reporting.projection.rows import TimelineRow


def project(rows: BatchRows, envelope: Envelope[Any], topic: Topic) -> None:
    """Add one event as it was published, without personal data."""
    rows.timeline[envelope.id] = TimelineRow(
        event_id=envelope.id,
        topic=topic.name,
        position=envelope.position,
        customer_id=envelope.subject,
        stream_id=envelope.stream_id,
        type=envelope.event.type,
        occurred_at=envelope.occurred_at,
        recorded_at=envelope.recorded_at,
        actor=envelope.metadata.actor,
        data=envelope.event.model_dump(mode="json", exclude={"type"}, exclude_none=True),
    )
