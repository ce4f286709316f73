"""Feeds an applier from the service's own store, for read models of its own events."""

import asyncio
from collections.abc import Sequence

from eventsourcing.persistence import MapperDeserialisationError

from chassis.consume.applier import Applier, Batch
from chassis.consume.delivery import Delivery
from chassis.consume.newer_events import NewerEvents, unreadable
from chassis.consume.positions import OWN_TOPIC, Progress, Source
from chassis.postgres.server_clock import ServerClock
from chassis.runtime import metrics
from chassis.runtime.event_timeout import wait_with_timeout
from chassis.runtime.supervisor import Health
from chassis.store.event_store import READ_LIMIT, EventStore
from chassis.store.mapper import EventMapper, RecordedEvent

OWN_STORE = Source(OWN_TOPIC, 0)
POLL_SECONDS = 0.5
STALE_SECONDS = 20.0
# A pause, so that more events share a transaction: under load one transaction per event would be too slow.
PAUSE_SECONDS = 0.1
READ_LIMIT_ALONE = 10_000


class LocalFeed:
    """Reads the store in position order; woken after each commit, and polls as a fallback."""

    def __init__(
        self, store: EventStore, mapper: EventMapper, applier: Applier, *, health: Health, shared: bool = True
    ) -> None:
        self._store = store
        self._mapper = mapper
        self._applier = applier
        self._health = health
        self._newer_events = NewerEvents(applier)
        self._limit = READ_LIMIT if shared else READ_LIMIT_ALONE
        self._woken = asyncio.Event()
        self._clock = ServerClock(applier.pool)
        # None until it is reported.
        self._is_late: bool | None = None
        store.on_commit(self._woken.set)

    async def run(self) -> None:
        progress, self._is_late = await self._applier.progress(OWN_STORE), None
        while True:
            self._woken.clear()
            if await self._newer_events.replay():
                self._is_late = None
            rows = await self._store.read_all(after=progress.position, limit=self._limit)
            await self._report_lag(rows)
            if not rows:
                await wait_with_timeout(self._woken, POLL_SECONDS)
                continue
            batch = Batch(progress=Progress(rows[-1].id, rows[-1].recorded_at))
            batch.deliveries += map(self._delivery, rows)
            applied = await self._applier.apply({OWN_STORE: (progress, batch)})
            progress = applied[OWN_STORE]
            if any(each.problem for each in batch.deliveries):
                self._is_late = None
            if len(rows) < self._limit:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _report_lag(self, rows: Sequence[RecordedEvent]) -> None:
        """Report how old the oldest event is that is not applied yet."""
        age = (await self._clock.now() - rows[0].recorded_at).total_seconds() if rows else 0.0
        metrics.series(metrics.WATERMARK_AGE, self._applier.name, OWN_TOPIC).set(age)
        was_late, self._is_late = self._is_late, age > STALE_SECONDS
        if self._is_late:
            self._health.failed(f"complete only up to {age:.0f} s ago")
        elif was_late is not False:
            await self._report()

    async def _report(self) -> None:
        if waiting := await self._newer_events.waiting():
            self._health.failed(f"{waiting} customers have events that this build cannot read")
        else:
            self._health.ready()

    def _delivery(self, row: RecordedEvent) -> Delivery:
        """Decode a row. One that this build cannot read will be parked, and replayed by a build that can."""
        try:
            event = self._mapper.to_envelope(row)
        except MapperDeserialisationError as error:
            return Delivery(OWN_STORE, row.id, row.id - 1, row.subject, {}, None, None, unreadable(error))
        parent = event.metadata.traceparent
        return Delivery(OWN_STORE, row.id, row.id - 1, row.subject, {}, None, event, traceparent=parent)
