"""Reads all events about a customer, newest first."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Connection
from chassis.postgres.visibility import ids_of
from contracts.topics import EVENT_TOPICS

LIST = f"""
    SELECT event_id, feed, position, type, occurred_at, recorded_at, actor, stream_id, data - 'type' AS data
    FROM fact
    WHERE customer_id = {ids_of("customer", "$1::uuid")}
      AND ($2::timestamptz IS NULL OR (occurred_at, event_id) < ($2, $3::uuid))
    ORDER BY occurred_at DESC, event_id DESC LIMIT $4
"""  # noqa: S608 - fixed text
TOPICS = {topic.owner: topic.name for topic in EVENT_TOPICS}


class TimelineEntry(BaseModel):
    """One event. It was published on `topic` at `position`; `data` holds no personal data."""

    event_id: UUID
    topic: str
    position: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    stream_id: UUID
    data: dict[str, Any]


async def page(held: Connection, customer_id: UUID, cursor: list[str] | None, size: int) -> list[TimelineEntry]:
    """Return up to `size` + 1 entries."""
    before, event_id = (datetime.fromisoformat(cursor[0]), UUID(cursor[1])) if cursor else (None, None)
    rows = await held.fetch(LIST, customer_id, before, event_id, size + 1)
    return [TimelineEntry(topic=TOPICS[row["feed"]], **row) for row in rows]


def cursor_of(entry: TimelineEntry) -> list[str]:
    return [entry.occurred_at.isoformat(), str(entry.event_id)]
