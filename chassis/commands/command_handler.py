"""From a command to committed facts: read the stream, decide, append; again after a lost race."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

import uuid_utils.compat as uuid_utils

from chassis.commands.command import Command, Context, FactCommand
from chassis.commands.decider import Decider, RejectedError
from chassis.commands.problem import ProblemError
from chassis.commands.stream_cache import Loaded, Remembered
from chassis.postgres.database import DEADLINE_SECONDS
from chassis.store.event_store import Answer, Append, EventStore, Outcome
from chassis.store.mapper import EventMapper
from contracts.event import Envelope, Metadata

S = TypeVar("S")

MAX_ATTEMPTS = 5
CLOCK_SKEW = timedelta(minutes=5)
CREATED, OK = 201, 200


class ConflictError(Exception):
    """The stream kept changing under the command: MAX_ATTEMPTS races were lost."""


class VersionMismatchError(Exception):
    """The caller's If-Match names another version than the stream has."""

    def __init__(self, actual: int) -> None:
        super().__init__(f"the version is {actual}")
        self.actual = actual


class KeyReusedError(Exception):
    """The same idempotency key came with a different request."""


@dataclass(frozen=True, slots=True)
class Handled:
    """What to tell the caller. `events` is how many facts were new; a replay repeats the first answer."""

    status: int
    body: bytes
    version: int
    events: int = 0
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """What a command also asks of another stream: decided by that stream's own rules. `subject`: if it is another's."""

    handler: "CommandHandler[Any]"
    stream_id: UUID
    command: Command
    subject: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asked(Generic[S]):
    """One command with all that it was asked with."""

    stream_id: UUID
    subject: UUID
    command: Command
    context: Context
    expected_version: int | None
    authorize: Callable[[S], None]
    beside: Sequence[Beside]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """What a command earned in one stream, and the state there that it was decided on."""

    handler: "CommandHandler[Any]"
    stream_id: UUID
    subject: UUID
    command: Command
    loaded: Loaded[Any]
    events: Sequence[Any]


def allow_all(_state: object) -> None:
    """For callers that have been let through already: imports and policies."""


NOT_GRANTED = (RejectedError, VersionMismatchError, ProblemError)


class CommandHandler(Generic[S]):
    """Runs the commands of one domain. Promise P1: what it returns has been committed."""

    def __init__(self, store: EventStore, decider: Decider[S], mapper: EventMapper) -> None:
        self._store = store
        self._decider = decider
        self._mapper = mapper
        self._remembered: Remembered[S] = Remembered()
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def load(self, stream_id: UUID) -> Loaded[S]:
        """Fold the stream: from the cached state and whatever is newer, so never stale."""
        cached = self._remembered.get(stream_id) or self._unseen()
        rows = await self._store.read_stream(stream_id, after_version=cached.version)
        events = [self._mapper.to_envelope(row).event for row in rows]
        loaded = Loaded(cached.version + len(rows), self._decider.fold(cached.state, events))
        self._remembered.keep(stream_id, loaded)
        return loaded

    async def load_lately(self, stream_id: UUID) -> Loaded[S]:
        """Return the stream as it was at most LATELY_SECONDS ago; what this process appended is never missing.

        For rules that change seldom and are looked up all the time.
        """
        return self._remembered.lately(stream_id) or await self.load(stream_id)

    async def handle(
        self,
        stream_id: UUID,
        command: Command,
        context: Context,
        *,
        subject: UUID | None = None,
        expected_version: int | None = None,
        authorize: Callable[[S], None] = allow_all,
        beside: Sequence[Beside] = (),
        is_new: bool = False,
    ) -> Handled:
        """Decide `command` on the stream and commit what it earns; where it earns anything, `beside` with it.

        All streams are in one append: every guard holds, or nothing is stored. The answer is that of the first.
        Where all `is_new`, none is read first; that one is not so new after all is found out when it is stored.

        Raises RejectedError, VersionMismatchError, KeyReusedError, ConflictError, what `authorize` raises, or,
        after DEADLINE_SECONDS, TimeoutError: then a retry under the same key tells what became of it.
        """
        lock = self._locks.setdefault(stream_id, asyncio.Lock())
        async with asyncio.timeout(DEADLINE_SECONDS), lock:
            asked = Asked(
                stream_id, subject or stream_id, command, context, expected_version, authorize, beside, is_new
            )
            if handled := await self._try_remembered(asked):
                return handled
            for _ in range(MAX_ATTEMPTS):
                loaded = await self.load(stream_id)
                try:
                    decided = await self._decide_all(loaded, asked)
                except NOT_GRANTED:
                    # What was granted and answered once is answered again, whoever holds the stream by now.
                    if (first := await self._replay(context)) is None:
                        raise
                    return first
                if handled := await self._commit(decided, asked):
                    return handled
        raise ConflictError(f"{MAX_ATTEMPTS} attempts on {stream_id} lost their race")

    async def _try_remembered(self, asked: Asked[S]) -> Handled | None:
        """Decide on the state as it was last seen here, which saves a query; None where that settles nothing.

        The state may be old, so no refusal is believed; events appended on its version prove that it was not.
        """
        remembered = self._remembered.get(asked.stream_id)
        if remembered is None and not asked.is_new:
            return None
        try:
            decided = await self._decide_all(remembered or self._unseen(), asked, unread=asked.is_new)
        except NOT_GRANTED:
            return None
        return await self._commit(decided, asked) if decided[0].events else None

    def _unseen(self) -> Loaded[S]:
        return Loaded(0, self._decider.initial)

    async def _decide_all(self, loaded: Loaded[S], asked: Asked[S], *, unread: bool = False) -> list[Decided]:
        """Decide on the stream itself, and beside it once that has earned anything."""
        events = self._decide(loaded, asked)
        decided = [Decided(self, asked.stream_id, asked.subject, asked.command, loaded, events)]
        for other in asked.beside if events else ():
            there = other.handler._unseen() if unread else await other.handler.load(other.stream_id)  # noqa: SLF001
            earned = other.handler._decider.decide(there.state, other.command)  # noqa: SLF001 - of its own kind
            subject = other.subject or asked.subject
            decided.append(Decided(other.handler, other.stream_id, subject, other.command, there, earned))
        return decided

    def _decide(self, loaded: Loaded[S], asked: Asked[S]) -> Sequence[Any]:
        asked.authorize(loaded.state)
        if asked.expected_version is not None and asked.expected_version != loaded.version:
            raise VersionMismatchError(loaded.version)
        told = asked.command.tells_of() if isinstance(asked.command, FactCommand) else ()
        if any(instant is not None and instant > asked.context.now + CLOCK_SKEW for instant in told):
            raise RejectedError(
                "occurred-in-future",
                "A fact cannot have occurred in the future.",
                "事实的发生时间不能在将来。",
            )
        return self._decider.decide(loaded.state, asked.command)

    async def _commit(self, decided: Sequence[Decided], asked: Asked[S]) -> Handled | None:
        """Append and answer; None when another writer was faster."""
        loaded, events = decided[0].loaded, decided[0].events
        version = loaded.version + len(events)
        handled = Handled(
            status=CREATED if loaded.version == 0 and events else OK,
            body=b'{"id": "%s", "version": %d}' % (str(asked.stream_id).encode(), version),
            version=version,
            events=len(events),
        )
        if not events and not asked.context.retryable:
            return handled
        appended = await self._store.append(self._append(decided, asked, handled))
        match appended.outcome:
            case Outcome.DONE:
                for each in decided:
                    each.handler._keep(each)  # noqa: SLF001 - of its own kind
                return handled
            case Outcome.DUPLICATE:
                return await self._replay(asked.context)
            case Outcome.CONFLICT:
                return None

    def _append(self, decided: Sequence[Decided], asked: Asked[S], handled: Handled) -> Append:
        context = asked.context
        events = [self._mapper.to_new_event(envelope) for each in decided for envelope in envelopes(each, asked)]
        told = b"".join(event.state for event in events)
        words = [entry for each in decided if each.events for entry in each.command.words(each.subject)]
        return Append(
            key=context.key,
            answer=Answer(context.request_hash, handled.status, handled.body),
            events=events,
            # A word that no fact points to could be neither read nor, with the person it is about, erased.
            vault=[entry for entry in words if str(entry.id).encode() in told],
        )

    async def _replay(self, context: Context) -> Handled | None:
        """Return the first answer given under this key, if there was one."""
        answer = await self._store.answer(context.key)
        if answer is None:
            return None
        if answer.request_hash != context.request_hash:
            raise KeyReusedError(context.key)
        return Handled(answer.status, answer.body, json.loads(answer.body)["version"], replayed=True)

    def _keep(self, decided: Decided) -> None:
        loaded, events = decided.loaded, decided.events
        state = self._decider.fold(loaded.state, events)
        self._remembered.keep(decided.stream_id, Loaded(loaded.version + len(events), state))


def envelopes(decided: Decided, asked: Asked[Any]) -> Iterator[Envelope[Any]]:
    """Yield the envelopes of what was earned in one stream."""
    context, first = asked.context, decided.loaded.version + 1
    occurred_at = getattr(decided.command, "occurred_at", None) or context.now
    metadata = Metadata(
        actor=context.actor,
        correlation_id=context.correlation_id,
        causation_id=context.causation_id,
        traceparent=context.traceparent,
        origin=context.origin,
    )
    for version, event in enumerate(decided.events, first):
        event_id = uuid_utils.uuid7()
        yield Envelope(
            event_id, decided.subject, decided.stream_id, version, 0, occurred_at, context.now, metadata, event
        )
