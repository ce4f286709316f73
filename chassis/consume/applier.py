"""Applies batches of events and moves the position, in one transaction (P4), parking what cannot be applied.

The position is moved first: whoever is too late is refused before it has touched a row.
"""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from asyncpg.exceptions import SyntaxOrAccessError
from opentelemetry import trace

from chassis.consume.parking import Delivery, Parking
from chassis.consume.positions import PositionMovedError, Positions, Progress, Source
from chassis.kafka.cloudevents import UnknownTypeError, decode
from chassis.postgres.database import UNAVAILABLE, Connection, Pool, transaction
from chassis.runtime import metrics
from chassis.runtime.tracing import Span, links_of
from contracts.event import Envelope

# What no event is to blame for: then nobody is parked, and all is tried again. While a new build runs before its
# migration, for one, a table or a column is missing.
BLAMELESS = (*UNAVAILABLE, PositionMovedError, SyntaxOrAccessError)
Handler = Callable[[Sequence[Envelope[Any]], Connection], Awaitable[None]]


@dataclass(slots=True)
class Batch:
    """What came in from one source since its position, and how far that makes it complete."""

    deliveries: list[Delivery] = field(default_factory=list)
    progress: Progress | None = None


class Applier:
    """Runs one handler over everything a consumer receives. The handler must need nothing but its connection."""

    def __init__(self, name: str, pool: Pool, handler: Handler, *, applied: Callable[[], None] = lambda: None) -> None:
        self._pool = pool
        self.handler = handler
        self._applied = applied
        self.name = name
        self.positions = Positions(name)
        self.parking = Parking(name)

    async def progress(self, source: Source) -> Progress:
        return await self.positions.load(self._pool, source)

    async def apply(self, batches: Mapping[Source, tuple[Progress, Batch]]) -> dict[Source, Progress]:
        """Apply each batch from the progress it started at. Raises PositionMovedError if that is no longer so."""
        moves = {source: (start.position, batch.progress or start) for source, (start, batch) in batches.items()}
        deliveries = [delivery for _, batch in batches.values() for delivery in batch.deliveries]
        links = links_of(envelope.metadata.traceparent for envelope in envelopes(deliveries))
        with Span(f"apply {self.name}", trace.SpanKind.CONSUMER, links=links):
            await self._apply_all(deliveries, moves)
        self._count(deliveries)
        self._applied()
        return {source: progress for source, (_, progress) in moves.items()}

    async def _apply_all(self, deliveries: Sequence[Delivery], moves: Mapping[Source, tuple[int, Progress]]) -> None:
        try:
            await self._apply_together(deliveries, moves)
        except BLAMELESS:
            raise
        except Exception as error:  # noqa: BLE001 - whichever event is poison, its customer is parked below
            structlog.get_logger().warning("applier.isolate", consumer=self.name, reason=type(error).__name__)
            await self._apply_apart(deliveries, moves)

    async def _apply_together(
        self, deliveries: Sequence[Delivery], moves: Mapping[Source, tuple[int, Progress]]
    ) -> None:
        async with transaction(self._pool) as held:
            parked = await self.positions.move(held, moves, customers_of(deliveries))
            good = await self._set_aside(held, deliveries, parked)
            if good:
                await self.handler(envelopes(good), held)

    async def _apply_apart(self, deliveries: Sequence[Delivery], moves: Mapping[Source, tuple[int, Progress]]) -> None:
        async with transaction(self._pool) as held:
            parked = await self.positions.move(held, moves, customers_of(deliveries))
            by_customer: dict[UUID, list[Delivery]] = defaultdict(list)
            for delivery in await self._set_aside(held, deliveries, parked):
                by_customer[delivery.subject].append(delivery)
            for own in by_customer.values():
                await self._apply_or_park(held, own)

    async def _apply_or_park(self, held: Connection, own: Sequence[Delivery]) -> None:
        try:
            async with held.transaction():
                await self.handler(envelopes(own), held)
        except BLAMELESS:
            raise
        except Exception as error:  # noqa: BLE001 - any failure of a handler is the event's own problem
            structlog.get_logger().error("applier.parked", consumer=self.name, reason=type(error).__name__)
            await self.parking.park(held, own, f"{type(error).__name__} while it was applied")
            metrics.series(metrics.PARKED, self.name).inc(len(own))

    async def _set_aside(self, held: Connection, deliveries: Sequence[Delivery], parked: set[UUID]) -> list[Delivery]:
        """Park what is broken, and what belongs to a customer who is parked; return the rest."""
        good = []
        for delivery in deliveries:
            if delivery.problem or delivery.subject in parked:
                parked.add(delivery.subject)
                reason = delivery.problem or "waits behind a parked event of this customer"
                await self.parking.park(held, [delivery], reason)
                metrics.series(metrics.PARKED, self.name).inc()
                structlog.get_logger().error("applier.parked", consumer=self.name, reason=reason)
            else:
                good.append(delivery)
        return good

    async def replay(self, subject: UUID) -> int:
        """Apply a customer's parked events in their order; all or nothing. Returns how many there were.

        What a consumer parks behind them meanwhile is taken along, or stays parked for the next time.
        """
        count = 0
        async with transaction(self._pool) as held:
            while rows := await self.parking.of_customer(held, subject):
                decoded = list(readable(rows))
                if decoded:
                    await self.handler(decoded, held)
                await self.parking.release(held, rows)
                count += len(rows)
        self._applied()
        return count

    def _count(self, deliveries: Sequence[Delivery]) -> None:
        for (topic, outcome), count in Counter(map(outcome_of, deliveries)).items():
            metrics.series(metrics.RECORDS, self.name, topic, outcome).inc(count)


def outcome_of(delivery: Delivery) -> tuple[str, str]:
    outcome = "undecodable" if delivery.problem else "applied" if delivery.envelope else "unknown-type"
    return delivery.source.topic, outcome


def readable(rows: Sequence[Mapping[str, Any]]) -> Iterator[Envelope[Any]]:
    """Decode parked records; a type that this build does not know has no effect here either."""
    for row in rows:
        with contextlib.suppress(UnknownTypeError):
            yield decode(row["headers"], row["value"])


def customers_of(deliveries: Sequence[Delivery]) -> set[UUID]:
    return {delivery.subject for delivery in deliveries}


def envelopes(deliveries: Sequence[Delivery]) -> list[Envelope[Any]]:
    return [delivery.envelope for delivery in deliveries if delivery.envelope is not None]
