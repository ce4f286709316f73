"""Keeps one row for each stream of events."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts.event import Envelope

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


async def keep(
    table: Rows[R],
    project: Callable[[R | None, Envelope[Any]], R],
    envelopes: Sequence[Envelope[Any]],
    held: Connection,
) -> None:
    """Load the rows of the streams, apply the events in order, and save the rows."""
    rows = await table.load(held, [envelope.stream_id for envelope in envelopes])
    for envelope in envelopes:
        rows[envelope.stream_id] = project(rows.get(envelope.stream_id), envelope)
    await table.save(held, list(rows.values()))
