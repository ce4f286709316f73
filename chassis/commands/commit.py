"""Commits the events of commands together with the response, once per idempotency key (P1)."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

import uuid_utils.compat as uuid_utils

from chassis.commands.command import Context
from chassis.commands.decision import CommandRequest, Decision
from chassis.commands.result import CREATED, OK, Handled, KeyReusedError
from chassis.store.append import Answer, Append, Outcome
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.event import Envelope, Metadata


async def commit(
    store: EventStore, mapper: EventMapper, decisions: Sequence[Decision], request: CommandRequest[Any]
) -> Handled | None:
    """Append the events of all decisions and return the response to the first one; None on a version conflict.

    If the key was used before, nothing is appended, and the first response is returned.
    Raises KeyReusedError, TimeoutError.
    """
    handled = response_to(decisions[0])
    if not handled.events and not request.context.retryable:
        return handled
    appended = await store.append(append_of(mapper, decisions, request, handled))
    match appended.outcome:
        case Outcome.DONE:
            for each in decisions:
                each.streams.keep(each.stream_id, each.subject, each.loaded, each.events)
            return handled
        case Outcome.DUPLICATE:
            async with asyncio.timeout_at(request.give_up_at):
                return await replay(store, request.context)
        case Outcome.CONFLICT:
            return None


async def replay(store: EventStore, context: Context) -> Handled | None:
    """Return the stored response for this key, if there is one. Raises KeyReusedError."""
    answer = await store.answer(context.key)
    if answer is None:
        return None
    if answer.request_hash != context.request_hash:
        raise KeyReusedError(context.key)
    return Handled(answer.status, answer.body, json.loads(answer.body)["version"], replayed=True)


def response_to(decision: Decision) -> Handled:
    loaded, events = decision.loaded, decision.events
    version = loaded.version + len(events)
    return Handled(
        status=CREATED if loaded.version == 0 and events else OK,
        body=b'{"id": "%s", "version": %d}' % (str(decision.stream_id).encode(), version),
        version=version,
        events=len(events),
    )


def append_of(
    mapper: EventMapper, decisions: Sequence[Decision], request: CommandRequest[Any], handled: Handled
) -> Append:
    context = request.context
    events = [mapper.to_new_event(envelope) for each in decisions for envelope in envelopes(each, request)]
    states = b"".join(event.state for event in events)
    entries = [entry for each in decisions if each.events for entry in each.command.vault_entries(each.subject)]
    return Append(
        key=context.key,
        answer=Answer(context.request_hash, handled.status, handled.body),
        events=events,
        # An entry that no event refers to could neither be read nor be erased with the person it is about.
        vault=[entry for entry in entries if str(entry.id).encode() in states],
        expires=context.expires,
    )


def envelopes(decision: Decision, request: CommandRequest[Any]) -> Iterator[Envelope[Any]]:
    """Yield an envelope for each event of a decision."""
    context, occurred_at = request.context, request.occurred_at(decision.command)
    metadata = Metadata(
        actor=context.actor,
        correlation_id=context.correlation_id,
        causation_id=context.causation_id,
        traceparent=context.traceparent,
        origin=context.origin,
    )
    for version, event in enumerate(decision.events, decision.loaded.version + 1):
        event_id = uuid_utils.uuid7()
        yield Envelope(
            event_id, decision.subject, decision.stream_id, version, 0, occurred_at, context.now, metadata, event
        )
