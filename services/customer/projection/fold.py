"""Folds the events of a batch into the rows of one table."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts.event import Envelope

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")

BY_STREAM: Callable[[Envelope[Any]], UUID] = attrgetter("stream_id")
BY_CUSTOMER: Callable[[Envelope[Any]], UUID] = attrgetter("subject")


async def fold_rows(
    table: Rows[R],
    key_of: Callable[[Envelope[Any]], UUID],
    project: Callable[[R | None, Envelope[Any]], R],
    envelopes: Sequence[Envelope[Any]],
    held: Connection,
) -> None:
    """Load the rows of these events by `key_of`, apply `project` in order, and save them."""
    if not envelopes:
        return
    rows = await table.load(held, map(key_of, envelopes))
    for envelope in envelopes:
        key = key_of(envelope)
        rows[key] = project(rows.get(key), envelope)
    await table.save(held, list(rows.values()))
