"""Reads the store once per process, and sends each transition of an alert to the streams that may see it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

import structlog

from chassis.commands.problem import ProblemError
from chassis.consume.local_feed import PAUSE_SECONDS, POLL_SECONDS
from chassis.http.event_stream import message
from chassis.postgres.database import Pool
from chassis.runtime.clock import utc_now
from chassis.runtime.event_timeout import wait_with_timeout
from chassis.runtime.supervisor import Health
from chassis.runtime.turns import EVENTS_PER_TURN
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper, RecordedEvent
from services.alerts.live.recent import MAX_RESUMED, Recent, Unread
from services.alerts.live.subscription import Subscription
from services.alerts.live.transitions import Transition, Wanted, holders

# Of one process.
MAX_STREAMS: Final = 500
MAX_STREAMS_OF_PERSON: Final = 5
RETRY_AFTER_SECONDS: Final = 5


class Broadcast:
    """The streams of this process. `run` is a supervised task."""

    def __init__(self, store: EventStore, mapper: EventMapper, pool: Pool, *, health: Health) -> None:
        self._store = store
        self._mapper = mapper
        self._pool = pool
        self._health = health
        self._streams: dict[Subscription, None] = {}
        self._recent = Recent()
        # What follows `_recent.after` is known up to `_position`; None before the first read.
        self._position: int | None = None
        self._is_stopping = False
        self._woken = asyncio.Event()
        store.on_commit(self._woken.set)

    async def subscribe(self, subject: str, wanted: Wanted, last_position: int | None) -> Subscription:
        """Open a stream that continues after `last_position`. Raises ProblemError above a limit.

        Another process may have sent more than this one has read. After a restore, a position may not exist any more.
        """
        head = 0
        if last_position is not None:
            head = await self._store.head()
            await self._recent.prepare(last_position)
        # From here on without a pause: what follows is sent, or missed.
        position = self._require_room(subject)
        if last_position is None:
            subscription = Subscription(subject, wanted, position, ())
        else:
            missed = self._recent.since(last_position) if last_position <= max(head, position) else None
            after = position if missed is None else last_position
            subscription = Subscription(subject, wanted, after, missed)
        self._streams[subscription] = None
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._streams.pop(subscription, None)

    def stop(self) -> None:
        """End all streams, and refuse others: the process is about to end."""
        self._is_stopping = True
        for each in self._streams:
            each.end()

    async def visible(self, subscription: Subscription, transitions: Sequence[Transition]) -> bytes:
        """Return the messages that a stream may see now."""
        held = await holders(self._pool, transitions, utc_now()) if transitions else {}
        return b"".join(each.text for each in transitions if subscription.includes(each, held[each.customer_id]))

    async def run(self) -> None:
        """Follow the store. After a restart of this task, the streams continue where it was."""
        if self._position is None:
            self._position = self._recent.after = max(0, await self._store.head() - MAX_RESUMED)
        while True:
            self._woken.clear()
            rows = await self._store.read_all(after=self._position, limit=EVENTS_PER_TURN)
            self._health.ready()
            if not rows:
                await wait_with_timeout(self._woken, POLL_SECONDS)
                continue
            await self._send(rows)
            await asyncio.sleep(PAUSE_SECONDS if len(rows) < EVENTS_PER_TURN else 0)

    async def _send(self, rows: Sequence[RecordedEvent]) -> None:
        events = [Unread(row, self._mapper) for row in rows]
        transitions = [each for event in events for each in event.transitions or ()] if self._streams else []
        held = await holders(self._pool, transitions, utc_now()) if transitions else {}
        # From here on without a pause: a stream that is opened meanwhile gets all or none of these.
        self._position = rows[-1].id
        self._recent.add(events)
        is_unreadable = bool(self._streams) and any(event.transitions is None for event in events)
        for stream in list(self._streams):
            if is_unreadable:
                self._offer(stream, reset(self._position))
            for each in transitions:
                if stream.is_open and stream.includes(each, held[each.customer_id]):
                    self._offer(stream, each.text)

    def _offer(self, stream: Subscription, text: bytes) -> None:
        if not stream.offer(text):
            structlog.get_logger().warning("alerts.slow_stream")

    def _require_room(self, subject: str) -> int:
        """Return the position up to which this process has read. Raises ProblemError if no stream can be opened."""
        retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        if self._is_stopping or self._position is None:
            en, zh = "This process sends no live alerts now. Connect again.", "该进程目前不提供实时预警，请重新连接。"
            raise ProblemError("unavailable", en, zh, headers=retry)
        if Counter(each.subject for each in self._streams)[subject] >= MAX_STREAMS_OF_PERSON:
            raise ProblemError(
                "too-many-streams",
                f"You have {MAX_STREAMS_OF_PERSON} streams open, the most that are allowed. Close one of them.",
                f"您已打开 {MAX_STREAMS_OF_PERSON} 个实时流，已达上限。请关闭其中一个。",
                headers=retry,
            )
        if len(self._streams) >= MAX_STREAMS:
            raise ProblemError(
                "overloaded",
                f"{MAX_STREAMS} streams are open, the most that one process allows. Try again later.",
                f"该进程已打开 {MAX_STREAMS} 个实时流，已达上限。请稍后重试。",
                headers=retry,
            )
        return self._position


def reset(position: int) -> bytes:
    """Return the message after which the client reads the list again."""
    return message(position, f'{{"position":{position}}}', "reset")
