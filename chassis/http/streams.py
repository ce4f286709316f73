"""What the routes of things with streams of their own do alike: new ids, whose a thing is, what its stream says."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils.compat as uuid_utils

from chassis.commands.command import Context
from chassis.commands.problem import not_found
from chassis.http.history import HistoryEntry, entry_of
from chassis.http.paging import Page, coerce_limit
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts.event import Envelope, Event

R = TypeVar("R")


def new_id(context: Context, pseudonyms: Pseudonyms) -> UUID:
    """Return the id of what is made: the same for a retry under the same key."""
    # In hex, because names are folded before an id is derived from them, and keys that differ in case are two keys.
    return pseudonyms.derived("request", context.key.encode().hex()) if context.retryable else uuid_utils.uuid7()


async def subject_of(stream_id: UUID, beginnings: Sequence[type[Event]], store: EventStore) -> UUID:
    """Return whose the stream is; raise the 404 problem unless it began with an event of one of these types."""
    first = await store.first_of(stream_id)
    if first is None or first.topic not in map(type_of, beginnings):
        raise not_found()
    return first.subject


async def stream_of(
    stream_id: UUID, beginnings: Sequence[type[Event]], store: EventStore, mapper: EventMapper
) -> list[Envelope[Any]]:
    """Return all that happened in the stream; raise the 404 problem unless it began with one of these types."""
    rows = await store.read_stream(stream_id)
    if not rows or rows[0].topic not in map(type_of, beginnings):
        raise not_found()
    return [mapper.to_envelope(row) for row in rows]


def type_of(event: type[Event]) -> str:
    return str(event.model_fields["type"].default)


def fold(project: Callable[[R | None, Envelope[Any]], R], envelopes: Sequence[Envelope[Any]]) -> R:
    """Return the row that these events make: never behind, whatever the list still has to catch up with."""
    first, *others = envelopes
    row = project(None, first)
    for envelope in others:
        row = project(row, envelope)
    return row


def history(envelopes: Sequence[Envelope[Any]], limit: int | None, after: int) -> Page[HistoryEntry]:
    """Return a page of a stream, in the order in which its events were recorded."""
    size = coerce_limit(limit)
    rest = envelopes[after : after + size + 1]
    entries = [entry_of(envelope) for envelope in rest[:size]]
    more = len(rest) > size
    return Page(items=entries, next_cursor=str(entries[-1].version) if more else None, has_more=more)
