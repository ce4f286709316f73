"""Gives events to the alert engine as its consumer does, on the clock of a measurement."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from chassis.postgres.database import Pool, transaction
from contracts.event import Envelope, Event
from services.alerts.detection.detector import Detector
from services.alerts.detection.received import Received
from tests.bench.harness.event_data import envelope
from tests.bench.scale.timers import Clock
from tests.support.facts import received_of


@dataclass
class AlertFeed:
    """The events of both topics, in one sequence of positions."""

    pool: Pool
    detector: Detector
    clock: Clock
    positions: "count[int]" = field(default_factory=lambda: count(1))

    def new(
        self, event: Event, customer_id: UUID, stream_id: UUID | None = None, at: datetime | None = None
    ) -> Envelope[Any]:
        """Return an event that was recorded now and happened at `at`, or now. Without a stream, it begins one."""
        made = envelope(event, customer_id, stream_id or uuid4(), 1, next(self.positions), 0)
        return replace(made, occurred_at=at or self.clock.now, recorded_at=self.clock.now)

    async def take(self, events: Sequence[Envelope[Any]]) -> float:
        """Apply the events in one transaction. Return its seconds, without those of decoding the records."""
        return await self.apply(received_of(events))

    async def apply(self, received: Sequence[Received]) -> float:
        began_at = perf_counter()
        async with transaction(self.pool) as held:
            await self.detector.apply(received, held)
        self.detector.committed()
        return perf_counter() - began_at
