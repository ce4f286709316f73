"""Our store behind the library's recorder interface, so that the library's conformance suites can test it."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import UTC, datetime
from threading import Thread
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
)

from chassis.consume.positions import Positions, Progress, Source
from chassis.postgres.database import Connection, Pool, open_pool, transaction
from chassis.store.append import Append, Appended, Outcome
from chassis.store.event_store import EventStore
from chassis.store.mapper import NewEvent
from tests.support.appends import ANSWER, rows_of

T = TypeVar("T")
CALL_SECONDS = 60
READ_ON = 1_000


class Loop:
    """An event loop in a thread, for synchronous callers."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(CALL_SECONDS)
        except FutureTimeoutError:
            future.cancel()
            raise

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class StoreRecorder(ProcessRecorder):
    """The seam of ADR 0001, made synchronous."""

    def __init__(self, url: str, loop: Loop) -> None:
        self._loop = loop
        self._pool: Pool = loop.run(open_pool(url, size=10, application_name="conformance"))
        self._store = EventStore(self._pool)

    def close(self) -> None:
        self._loop.run(self._pool.close())

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, tracking: Tracking | None = None, **_kwargs: Any
    ) -> Sequence[int] | None:
        try:
            appended = self._loop.run(self._insert(stored_events, tracking))
        except asyncpg.UniqueViolationError as error:
            raise IntegrityError from error
        if appended.outcome is Outcome.CONFLICT:
            raise IntegrityError("a version is taken")
        return list(range(appended.last_position - len(stored_events) + 1, appended.last_position + 1))

    async def _insert(self, stored_events: Sequence[StoredEvent], tracking: Tracking | None) -> Appended:
        append = Append(str(uuid4()), ANSWER, [new_event(event) for event in stored_events])
        if tracking is None:
            return await self._store.append(append)
        async with transaction(self._pool) as held:
            await self._track(tracking, held)
            (appended,) = await self._store.append_within(held, [append])
            if appended.outcome is Outcome.CONFLICT:
                raise IntegrityError("a version is taken")
            return appended

    async def _track(self, tracking: Tracking, held: Connection) -> None:
        source = Source("notifications", 0)
        positions = Positions(tracking.application_name)
        known = await positions.load(self._pool, source)
        if tracking.notification_id <= known.position:
            raise IntegrityError("the position has been passed")
        move = (known.position, Progress(tracking.notification_id, datetime.now(UTC)))
        await positions.move(held, {source: move})

    def insert_tracking(self, tracking: Tracking) -> None:
        self._loop.run(self._track_alone(tracking))

    async def _track_alone(self, tracking: Tracking) -> None:
        async with transaction(self._pool) as held:
            await self._track(tracking, held)

    def max_tracking_id(self, application_name: str) -> int | None:
        progress = self._loop.run(Positions(application_name).load(self._pool, Source("notifications", 0)))
        return progress.position or None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        after = gt if gt is not None else -1
        rows = self._loop.run(rows_of(self._store, UUID(str(originator_id)), after_version=after))
        wanted = [row for row in rows if lte is None or row.originator_version <= lte]
        return (wanted[::-1] if desc else wanted)[:limit]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = (start or 0) - (1 if inclusive_of_start and start else 0)
        rows = self._loop.run(self._store.read_all(after=after, limit=max(limit, READ_ON)))
        wanted = [row for row in rows if (stop is None or row.id <= stop) and (not topics or row.topic in topics)]
        return wanted[:limit]

    def max_notification_id(self) -> int | None:
        return self._loop.run(self._store.head()) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        raise NotImplementedError("the relay and the tail are how our store is followed")


class AggregateStoreRecorder(StoreRecorder):
    """The same as an aggregate recorder, which has no positions."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, tracking: Tracking | None = None, **kwargs: Any
    ) -> Sequence[int] | None:
        super().insert_events(stored_events, tracking=tracking, **kwargs)
        return None

    def select_events(self, originator_id: UUID | str, **kwargs: Any) -> Sequence[StoredEvent]:
        rows = super().select_events(originator_id, **kwargs)
        return [StoredEvent(row.originator_id, row.originator_version, row.topic, row.state) for row in rows]


def new_event(event: StoredEvent) -> NewEvent:
    stream = UUID(str(event.originator_id))
    return NewEvent(stream, event.originator_version, event.topic, event.state, stream)
