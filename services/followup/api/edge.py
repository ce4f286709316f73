"""What the routes of all aggregates do alike: whose a thing is, who is meant, what a stream says."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any, TypeVar
from uuid import UUID

import uuid_utils.compat as uuid_utils
from fastapi import Depends, Query

from chassis.access import Allow, Caller, Holders
from chassis.catalogue import not_found
from chassis.command import Command
from chassis.history import HistoryEntry, entry_of
from chassis.paging import Page, coerce_limit
from contracts.event import Envelope, Event
from services.followup.dependencies import Dependencies

C = TypeVar("C", bound=Command)
R = TypeVar("R")

Anyone = Annotated[Caller, Depends(Allow())]
After = Annotated[int, Query(ge=0, description="Version after which to read on.")]


def new_id(caller: Caller, needs: Dependencies) -> UUID:
    """Return the id of what the caller makes: the same for a retry under the same key."""
    context = caller.context
    # In hex, because names are folded before an id is derived from them, and keys that differ in case are two keys.
    return needs.pseudonyms.derived("request", context.key.encode().hex()) if context.retryable else uuid_utils.uuid7()


def by_caller(command: C, field: str, caller: Caller) -> C:
    """Return the command with the caller as the employee in `field`, where it names nobody."""
    return command.model_copy(update={field: getattr(command, field) or caller.principal.subject})


def shared_with(holders: Holders, employee_id: str | None) -> Holders:
    """Let the one who has to do it act beside those who answer for the customer."""
    return replace(holders, helper_ids=holders.helper_ids | {employee_id}) if employee_id else holders


async def customer_of(stream_id: UUID, beginning: type[Event], needs: Dependencies) -> UUID:
    """Return whose the stream is; raise the 404 problem unless it began with an event of that type."""
    first = await needs.store.first_of(stream_id)
    if first is None or first.topic != type_of(beginning):
        raise not_found()
    return first.subject


async def stream_of(stream_id: UUID, beginning: type[Event], needs: Dependencies) -> list[Envelope[Any]]:
    """Return all that happened in the stream; raise the 404 problem unless it began with an event of that type."""
    rows = await needs.store.read_stream(stream_id)
    if not rows or rows[0].topic != type_of(beginning):
        raise not_found()
    return [needs.mapper.to_envelope(row) for row in rows]


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
