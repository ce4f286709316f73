"""Applies batches of events to one handler, and parks events that cannot be applied.

Guarantees (P4). The effects of a batch and the consumer's new position commit in one transaction, and only if the
position is still the one at which the batch started. So a redelivered batch has no second effect, and a consumer that
lost its partition (zombie) is rejected: the position is checked before the handler runs. If a handler fails on an
event, the events of its customer are parked in order; those of all other customers are applied.
"""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from asyncpg.exceptions import SyntaxOrAccessError
from opentelemetry import trace

from chassis.consume.delivery import Delivery
from chassis.consume.parked_decoding import decode_parked
from chassis.consume.parked_events import ParkedEvents
from chassis.consume.positions import PositionMovedError, Positions, Progress, Source
from chassis.postgres.database import UNAVAILABLE, Connection, Pool, transaction
from chassis.runtime import metrics
from chassis.runtime.tracing import Span, links_of
from contracts.event import Envelope

# Errors that no event causes: nothing is parked, and the batch is retried. For example, a table or a column is missing
# while a new build runs before its migration.
RETRYABLE = (*UNAVAILABLE, PositionMovedError, SyntaxOrAccessError)
# The reason of an event that was parked only because an earlier one of its customer is parked.
WAITS = "waits behind a parked event of this customer"
Handler = Callable[[Sequence[Envelope[Any]], Connection], Awaitable[None]]


@dataclass(slots=True)
class Batch:
    """New records of one source, and the progress of the consumer once they are applied."""

    deliveries: list[Delivery] = field(default_factory=list)
    progress: Progress | None = None


class Applier:
    """Runs one handler on all events of a consumer. The handler may have no effects outside its connection."""

    def __init__(self, name: str, pool: Pool, handler: Handler, *, applied: Callable[[], None] = lambda: None) -> None:
        self._pool = pool
        self.handler = handler
        self._applied = applied
        self.name = name
        self.positions = Positions(name)
        self.parked_events = ParkedEvents(name)

    @property
    def pool(self) -> Pool:
        return self._pool

    async def progress(self, source: Source) -> Progress:
        return await self.positions.load(self._pool, source)

    async def apply(self, batches: Mapping[Source, tuple[Progress, Batch]]) -> dict[Source, Progress]:
        """Apply each batch and move its position. Raises PositionMovedError if another consumer moved one."""
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
        except RETRYABLE:
            raise
        except Exception as error:  # noqa: BLE001 - the customer of the poison event is parked below
            structlog.get_logger().warning("applier.isolate", consumer=self.name, reason=type(error).__name__)
            await self._apply_per_customer(deliveries, moves)

    async def _apply_together(
        self, deliveries: Sequence[Delivery], moves: Mapping[Source, tuple[int, Progress]]
    ) -> None:
        async with transaction(self._pool) as held:
            parked = await self.positions.move(held, moves, customers_of(deliveries))
            deliverable = await self._park_undeliverable(held, deliveries, parked)
            if deliverable:
                await self.handler(envelopes(deliverable), held)

    async def _apply_per_customer(
        self, deliveries: Sequence[Delivery], moves: Mapping[Source, tuple[int, Progress]]
    ) -> None:
        async with transaction(self._pool) as held:
            parked = await self.positions.move(held, moves, customers_of(deliveries))
            by_customer: dict[UUID, list[Delivery]] = defaultdict(list)
            for delivery in await self._park_undeliverable(held, deliveries, parked):
                by_customer[delivery.subject].append(delivery)
            for events in by_customer.values():
                await self._apply_or_park(held, events)

    async def _apply_or_park(self, held: Connection, events: Sequence[Delivery]) -> None:
        try:
            async with held.transaction():
                await self.handler(envelopes(events), held)
        except RETRYABLE:
            raise
        except Exception as error:  # noqa: BLE001 - any other failure of the handler is caused by an event
            structlog.get_logger().error("applier.parked", consumer=self.name, reason=type(error).__name__)
            await self.parked_events.park(held, events, f"{type(error).__name__} while it was applied")
            metrics.series(metrics.PARKED, self.name).inc(len(events))

    async def _park_undeliverable(
        self, held: Connection, deliveries: Sequence[Delivery], parked: set[UUID]
    ) -> list[Delivery]:
        """Park the records that are undecodable or of a parked customer. Return the others."""
        deliverable = []
        for delivery in deliveries:
            if delivery.problem or delivery.subject in parked:
                parked.add(delivery.subject)
                reason = delivery.problem or WAITS
                await self.parked_events.park(held, [delivery], reason)
                metrics.series(metrics.PARKED, self.name).inc()
                structlog.get_logger().error("applier.parked", consumer=self.name, reason=reason)
            else:
                deliverable.append(delivery)
        return deliverable

    async def replay(self, subject: UUID) -> int:
        """Apply all parked events of a customer in order, in one transaction. Return how many there were.

        Events that the consumer parks meanwhile are applied too, or stay parked for the next replay.
        """
        count = 0
        async with transaction(self._pool) as held:
            while rows := await self.parked_events.of_customer(held, subject):
                if decoded := await decode_parked(held, rows):
                    await self.handler(decoded, held)
                await self.parked_events.release(held, rows)
                count += len(rows)
        self._applied()
        return count

    def _count(self, deliveries: Sequence[Delivery]) -> None:
        for (topic, outcome), count in Counter(map(outcome_of, deliveries)).items():
            metrics.series(metrics.RECORDS, self.name, topic, outcome).inc(count)


def outcome_of(delivery: Delivery) -> tuple[str, str]:
    outcome = "undecodable" if delivery.problem else "applied" if delivery.envelope else "unknown-type"
    return delivery.source.topic, outcome


def customers_of(deliveries: Sequence[Delivery]) -> set[UUID]:
    return {delivery.subject for delivery in deliveries}


def envelopes(deliveries: Sequence[Delivery]) -> list[Envelope[Any]]:
    return [delivery.envelope for delivery in deliveries if delivery.envelope is not None]
