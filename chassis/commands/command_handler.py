"""Handles commands: reads the stream, decides, appends the events; decides again after a lost race."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from chassis.commands.command import Command, Context
from chassis.commands.commit import commit, replay
from chassis.commands.decider import Decider, RejectedError
from chassis.commands.decision import CommandRequest, LinkedCommand, decide_all
from chassis.commands.item_limit import ItemLimit
from chassis.commands.problem import ProblemError
from chassis.commands.result import ConflictError, Handled, VersionMismatchError
from chassis.commands.stream_cache import Loaded
from chassis.commands.streams import Streams
from chassis.postgres.database import DEADLINE_SECONDS
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper

S = TypeVar("S")

MAX_ATTEMPTS = 5
REJECTIONS = (RejectedError, VersionMismatchError, ProblemError)


def allow_all(_state: object) -> None:
    """Authorize every command: for callers that are already authorized, such as imports and policies."""


class CommandHandler(Generic[S]):
    """Handles the commands of one domain. `limit` is that of the items which its streams are.

    Guarantee (P1): the events of a returned response are committed. A retry with the same key has no second effect.
    """

    def __init__(
        self, store: EventStore, decider: Decider[S], mapper: EventMapper, limit: ItemLimit | None = None
    ) -> None:
        self._store = store
        self._mapper = mapper
        self._streams = Streams(store, decider, mapper, limit)
        self._is_unlimited = limit is None
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def load(self, stream_id: UUID) -> Loaded[S]:
        """Return the current state of a stream, never a stale one."""
        return await self._streams.load(stream_id)

    async def load_recent(self, stream_id: UUID) -> Loaded[S]:
        """Return the state of a stream, at most RECENT_SECONDS old, with all events that this process appended.

        For configuration, which is read often and changes seldom.
        """
        return await self._streams.load_recent(stream_id)

    async def refresh(self, stream_ids: Iterable[UUID]) -> None:
        """Read many streams in one statement, so that `load_recent` finds them."""
        await self._streams.refresh(stream_ids)

    def linked(self, stream_id: UUID, command: Command, *, subject: UUID | None = None) -> LinkedCommand:
        """Return a command of this domain that commits together with a command of any handler."""
        return LinkedCommand(self._streams, stream_id, command, subject)

    async def handle(
        self,
        stream_id: UUID,
        command: Command,
        context: Context,
        *,
        subject: UUID | None = None,
        expected_version: int | None = None,
        authorize: Callable[[S], None] = allow_all,
        linked: Sequence[LinkedCommand] = (),
        is_new: bool = False,
        not_before: datetime | None = None,
    ) -> Handled:
        """Decide `command` and commit its events. If there are any, decide and commit the `linked` commands too.

        The events of all streams commit in one append, all or nothing. The response is that to `command`.
        `is_new`: the caller expects all these streams to be empty, so none is read before the first append.
        If one is not empty, the append fails, and the command is decided again on the stored events.
        `not_before`: the time of what the command follows. An earlier time is rejected or, within CLOCK_SKEW, replaced.

        Raises RejectedError, VersionMismatchError, KeyReusedError, ConflictError, what `authorize` raises, or,
        after DEADLINE_SECONDS, TimeoutError: a retry under the same key then returns the outcome.
        """
        give_up_at = asyncio.get_running_loop().time() + DEADLINE_SECONDS
        request = CommandRequest(
            stream_id,
            subject or stream_id,
            command,
            context,
            expected_version,
            authorize,
            linked,
            is_new,
            not_before,
            give_up_at,
        )
        if stream_id not in self._locks and not linked and self._is_unlimited:
            async with self._locks.setdefault(stream_id, asyncio.Lock()):
                # This waits for the append alone, which has the same deadline: a timer costs 5 % of a request.
                return await self._try_without_reading(request) or await self._read_in_time(request)
        async with asyncio.timeout_at(give_up_at), self._locks.setdefault(stream_id, asyncio.Lock()):
            return await self._try_without_reading(request) or await self._read_and_decide(request)

    async def _read_in_time(self, request: CommandRequest[S]) -> Handled:
        async with asyncio.timeout_at(request.give_up_at):
            return await self._read_and_decide(request)

    async def _read_and_decide(self, request: CommandRequest[S]) -> Handled:
        """Decide on the stored events, and again after each lost race. Raises ConflictError after MAX_ATTEMPTS."""
        for _ in range(MAX_ATTEMPTS):
            loaded = await self._streams.load(request.stream_id)
            try:
                decisions = await decide_all(self._streams, loaded, request)
            except REJECTIONS:
                # A retry of a command that was committed gets its first response, even if it would now be rejected.
                if (first := await replay(self._store, request.context)) is None:
                    raise
                return first
            if handled := await commit(self._store, self._mapper, decisions, request):
                return handled
        raise ConflictError(f"{MAX_ATTEMPTS} attempts on {request.stream_id} met concurrent changes")

    async def _try_without_reading(self, request: CommandRequest[S]) -> Handled | None:
        """Decide on the cached state, which saves a query. Return None if the stream must be read.

        The cached state may be stale: a rejection does not count. An append does: it checks the version.
        """
        cached = self._streams.cached(request.stream_id)
        if cached is None and not request.is_new:
            return None
        loaded = cached or self._streams.empty()
        try:
            decisions = await decide_all(self._streams, loaded, request, read_linked=not request.is_new)
        except REJECTIONS:
            return None
        return await commit(self._store, self._mapper, decisions, request) if decisions[0].events else None
