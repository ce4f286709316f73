"""Applies batches of events to one handler, and parks events that cannot be applied.

Guarantees (P4). The effects of a batch and the consumer's new position commit in one transaction, and only if the
position is still the one at which the batch started. So a redelivered batch has no second effect, and a consumer that
lost its partition (zombie) is rejected: the position is checked before the handler runs. If a handler fails on an
event, this event and the later ones of its customer are parked in order; all others are applied.

A batch that takes longer than the time limits of its connection is applied in halves, and these in halves, down to one
event. Each part commits with its own positions. The customer of an event that takes too long even alone is parked. But
a database that is slow or away for everybody parks nobody. A customer is parked only if, in the same attempt,
- the database then commits a small transaction within PROBE_SECONDS, and
- the handler is in time with an event of another customer of the batch, if the batch has another one.
Otherwise the batch fails, and the parts that were not committed are tried again.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from opentelemetry import trace

from chassis.consume.batch_parts import Part, TookTooLongError, limited_transaction
from chassis.consume.delivery import Delivery
from chassis.consume.isolation import RETRYABLE, WAITS, Handler, apply_isolated, customers_of, events_of
from chassis.consume.parked_decoding import decode_parked
from chassis.consume.parked_events import ParkedEvents, Place
from chassis.consume.positions import NEVER, Positions, Progress, Source
from chassis.consume.record_reading import Decode, envelope_of
from chassis.consume.table_locks import keep_tables
from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime import metrics
from chassis.runtime.tracing import Span, links_of

# A database that needs longer for a small transaction is slow for everybody.
PROBE_SECONDS = 1.0
# Each may take as long as the time limits allow.
MAX_WITNESSES = 3
# As many as a consumer applies at once, so that each statement of a replay ends within its time limit.
REPLAY_BATCH = 1_000
TOO_SLOW = "takes longer than the time limit of a transaction, also alone"


@dataclass(slots=True)
class Batch:
    """New records of one source, and the progress of the consumer once they are applied."""

    deliveries: list[Delivery] = field(default_factory=list)
    progress: Progress | None = None


class Applier:
    """Runs one handler on all events of a consumer. The handler may have no effects outside its connection.

    `decode` makes the events from records.
    """

    def __init__(
        self,
        name: str,
        pool: Pool,
        handler: Handler,
        *,
        decode: Decode = envelope_of,
        applied: Callable[[], None] = lambda: None,
    ) -> None:
        self._pool = pool
        self.handler = handler
        self.decode = decode
        self._applied = applied
        # Held from the start of a batch or a replay until it is committed.
        self._turn = asyncio.Lock()
        self.name = name
        # Whether a batch took too long and is being applied in parts.
        self.is_halving = False
        # The places of events that are dropped where they would be parked.
        self.discarded: frozenset[Place] = frozenset()
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
        links = links_of(delivery.traceparent for delivery in deliveries)
        with Span(f"apply {self.name}", trace.SpanKind.CONSUMER, links=links):
            async with self._turn:
                await self._apply_all(Part(deliveries, moves))
        self._count(deliveries)
        self._applied()
        return {source: progress for source, (_, progress) in moves.items()}

    def paused(self) -> asyncio.Lock:
        """Return a context in which this applier applies nothing. It is entered once the running batch is committed."""
        return self._turn

    async def _apply_all(self, batch: Part) -> None:
        try:
            await self._apply_part(batch)
        except TookTooLongError:
            self.is_halving = True
            try:
                await self._apply_in_halves(batch)
            finally:
                self.is_halving = False

    async def _apply_in_halves(self, batch: Part) -> None:
        """Apply a batch that took too long. Raises TookTooLongError if it takes too long for everybody."""
        await self._check_database(batch)
        pending, applied = list(reversed(batch.halves())), set[UUID]()
        while pending:
            part = pending.pop()
            try:
                applied |= await self._apply_part(part)
            except TookTooLongError:
                await self._check_database(part)
                if len(part.deliveries) > 1:
                    pending += reversed(part.halves())
                    continue
                await self._check_others(part, applied, pending)
                await self._park_slow(part)

    async def _apply_part(self, part: Part) -> set[UUID]:
        """Apply the records, and park what cannot be applied. Return the customers with events that were applied."""
        try:
            return await self._apply_together(part)
        except RETRYABLE:
            raise
        except Exception as error:  # noqa: BLE001 - the customer of the poison event is parked below
            structlog.get_logger().warning("applier.isolate", consumer=self.name, reason=type(error).__name__)
            return await self._apply_isolated(part)

    async def _apply_together(self, part: Part) -> set[UUID]:
        async with limited_transaction(self._pool) as held:
            deliverable = await self._move(held, part)
            if deliverable:
                await self.handler(events_of(deliverable), held)
        return customers_of(deliverable)

    async def _apply_isolated(self, part: Part) -> set[UUID]:
        async with limited_transaction(self._pool) as held:
            return await apply_isolated(held, await self._move(held, part), self.handler, self._park)

    async def _move(self, held: Connection, part: Part) -> list[Delivery]:
        """Move the positions. Return the records to apply; the others are parked."""
        parked = await self.positions.move(held, part.moves, customers_of(part.deliveries))
        return await self._park_undeliverable(held, part.deliveries, parked)

    async def _park(self, held: Connection, events: Sequence[Delivery], reason: str) -> set[UUID]:
        """Park events that have not been discarded before. Return their customers."""
        kept = [each for each in events if (each.source, each.position) not in self.discarded]
        if kept:
            structlog.get_logger().error("applier.parked", consumer=self.name, reason=reason)
            await self.parked_events.park(held, kept, reason)
            metrics.series(metrics.PARKED, self.name).inc(len(kept))
        return customers_of(kept)

    async def _park_slow(self, part: Part) -> None:
        async with transaction(self._pool) as held:
            await self._park(held, await self._move(held, part), TOO_SLOW)

    async def _check_database(self, part: Part) -> None:
        """Raise TookTooLongError if the database needs longer than PROBE_SECONDS to commit a small transaction."""
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        async with transaction(self._pool) as held:
            unmoved = {source: (start, Progress(start, NEVER)) for source, (start, _) in part.moves.items()}
            await self.positions.move(held, unmoved)
        if loop.time() - started_at > PROBE_SECONDS:
            raise TookTooLongError("the database is slow")

    async def _check_others(self, part: Part, applied: set[UUID], pending: Sequence[Part]) -> None:
        """Raise TookTooLongError if the next events of other customers take too long as well, and none was applied."""
        if applied - customers_of(part.deliveries):
            return
        others = await self._next_of_others(part, pending)
        for delivery in others:
            if await self._is_applicable(delivery):
                return
        if others:
            raise TookTooLongError("the handler takes too long for every customer")

    async def _next_of_others(self, part: Part, pending: Sequence[Part]) -> list[Delivery]:
        """Return the next events of up to MAX_WITNESSES other customers without parked events.

        They are chosen at random, so that another attempt tries others.
        """
        later = [delivery for each in reversed(pending) for delivery in each.deliveries if delivery.event is not None]
        following = {delivery.subject: delivery for delivery in reversed(later)}
        async with transaction(self._pool) as held:
            parked = await self.positions.move(held, {}, following.keys())
        others = sorted(following.keys() - parked - customers_of(part.deliveries))
        return [following[subject] for subject in random.sample(others, min(len(others), MAX_WITNESSES))]

    async def _is_applicable(self, delivery: Delivery) -> bool:
        """Return whether the handler applies or rejects an event in time. Its effects are rolled back."""
        try:
            async with limited_transaction(self._pool) as held:
                attempt = held.transaction()
                await attempt.start()
                await self.handler(events_of([delivery]), held)
                await attempt.rollback()
        except TookTooLongError:
            return False
        except RETRYABLE:
            raise
        except Exception:  # noqa: BLE001 - whatever the handler rejects was handled in time
            structlog.get_logger().info("applier.rejected", consumer=self.name)
        return True

    async def _park_undeliverable(
        self, held: Connection, deliveries: Sequence[Delivery], parked: set[UUID]
    ) -> list[Delivery]:
        """Park the records that are undecodable or of a parked customer. Return the others."""
        deliverable = []
        for delivery in deliveries:
            if delivery.problem or delivery.subject in parked:
                parked |= await self._park(held, [delivery], delivery.problem or WAITS)
            else:
                deliverable.append(delivery)
        return deliverable

    async def replay(self, subject: UUID) -> int:
        """Apply all parked events of a customer in order, in one transaction. Return how many there were.

        Events that the consumer parks meanwhile are applied too, or stay parked for the next replay.
        """
        count = 0
        async with self._turn, transaction(self._pool) as held:
            await keep_tables(held, self.name)
            while rows := await self.parked_events.of_customer(held, subject, REPLAY_BATCH):
                if decoded := await decode_parked(held, rows, self.decode):
                    await self.handler(decoded, held)
                await self.parked_events.release(held, rows)
                count += len(rows)
        self._applied()
        return count

    def _count(self, deliveries: Sequence[Delivery]) -> None:
        for (topic, outcome), count in Counter(map(outcome_of, deliveries)).items():
            metrics.series(metrics.RECORDS, self.name, topic, outcome).inc(count)


def outcome_of(delivery: Delivery) -> tuple[str, str]:
    outcome = "undecodable" if delivery.problem else "unknown-type" if delivery.event is None else "applied"
    return delivery.source.topic, outcome
