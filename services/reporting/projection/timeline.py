"""Everything that happened around a customer, whoever recorded it."""

from typing import Any

from contracts.event import Envelope
from contracts.topics import Topic
from services.reporting.projection.batch_rows import Sheet
from services.reporting.projection.rows import TimelineRow


def project(rows: Sheet, envelope: Envelope[Any], topic: Topic) -> None:
    """Keep one fact as it was published: no personal words, and the id it can be found by."""
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
