"""The list of published segments."""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from contracts import customer as events
from contracts.event import Envelope

TABLES = ("segment",)
SAVE = """
    INSERT INTO segment (name, data) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET data = excluded.data
"""


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply the segment events of a batch."""
    for envelope in envelopes:
        match envelope.event:
            case events.SegmentPublished(name=name) as published:
                await held.execute(SAVE, name, published.model_dump(mode="json"))
            case events.SegmentRemoved(name=name):
                await held.execute(SAVE, name, None)
            case _:
                continue
