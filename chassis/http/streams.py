"""Shared code of routes for resources with their own stream: new ids, the customer of a stream, and its events."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils.compat as uuid_utils

from chassis.commands.command import Context
from chassis.commands.problem import not_found
from chassis.http.history import HistoryEntry, entry_of
from chassis.http.paging import Page, coerce_limit
from chassis.runtime.turns import in_turns
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts.event import Envelope, Event

R = TypeVar("R")


def new_id(context: Context, pseudonyms: Pseudonyms) -> UUID:
    """Return the id of a new resource; a retry with the same idempotency key gets the same id."""
    # In hex, because derived ids ignore case, and keys that differ only in case are different keys.
    return pseudonyms.derived("request", context.key.encode().hex()) if context.retryable else uuid_utils.uuid7()


async def first_of(
    stream_id: UUID, first_types: Sequence[type[Event]], store: EventStore, mapper: EventMapper
) -> Envelope[Any]:
    """Return the first event of a stream; raise the 404 problem unless it has one of `first_types`."""
    first = await store.first_of(stream_id)
    if first is None or first.topic not in map(type_of, first_types):
        raise not_found()
    return mapper.to_envelope(first)


async def read_envelopes(
    stream_id: UUID, first_types: Sequence[type[Event]], store: EventStore, mapper: EventMapper
) -> list[Envelope[Any]]:
    """Return all events of a stream; raise the 404 problem unless its first event has one of `first_types`."""
    envelopes = [mapper.to_envelope(row) async for row in store.read_stream(stream_id)]
    if not envelopes or not isinstance(envelopes[0].event, tuple(first_types)):
        raise not_found()
    return envelopes


def type_of(event: type[Event]) -> str:
    return str(event.model_fields["type"].default)


async def fold(project: Callable[[R | None, Envelope[Any]], R], envelopes: Sequence[Envelope[Any]]) -> R:
    """Return the row that results from all events of a stream; unlike the read model, it never lags."""
    first, *others = envelopes
    row = project(None, first)
    async for envelope in in_turns(others):
        row = project(row, envelope)
    return row


def history(envelopes: Sequence[Envelope[Any]], limit: int | None, after: int) -> Page[HistoryEntry]:
    """Return a page of a stream's events in the order of their versions."""
    size = coerce_limit(limit)
    rest = envelopes[after : after + size + 1]
    entries = [entry_of(envelope) for envelope in rest[:size]]
    more = len(rest) > size
    return Page(items=entries, next_cursor=str(entries[-1].version) if more else None, has_more=more)
