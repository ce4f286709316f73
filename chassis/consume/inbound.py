"""Takes in what others write to topics that have no chain of positions: each message has its effect once.

A message is known by its CloudEvents `source` and `id`; a command runs under the key made of both, so it may come
any number of times. Kafka's offset is committed after the effect and is a hint only. What is bad or not allowed is
parked; for RETRIED_FOR it is tried again, in its order, since what it waits for may come by another way.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from pydantic import BaseModel, ValidationError

from chassis.commands.command import Context
from chassis.commands.decider import RejectedError
from chassis.commands.problem import ProblemError
from chassis.commands.result import ConflictError, KeyReusedError
from chassis.consume.messages import Message, read_message
from chassis.consume.parking import UNKNOWN_CUSTOMER, Delivery, Parking
from chassis.consume.positions import Source
from chassis.consume.record_reading import headers_of
from chassis.consume.subscription import commit, subscribed
from chassis.kafka.client import TopicMismatchError, ensure_topics
from chassis.kafka.cloudevents import UndecodableError
from chassis.postgres.database import UNAVAILABLE, Pool, transaction
from chassis.runtime import metrics
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventTooLargeError
from chassis.store.group_commit import OverloadedError
from contracts.topics import Topic

M = TypeVar("M", bound=BaseModel)
Take = Callable[[M, Context], Awaitable[None]]

POLL_MS = 500
MAX_RECORDS = 500
CONCURRENCY = 32
RETRY_SECONDS = 30.0
RETRIED_FOR = timedelta(days=1)
MAX_RETRIED = 1_000
REFUSED = (RejectedError, ProblemError, KeyReusedError, EventTooLargeError, ValidationError)
# Nobody's fault: the same again, a little later.
PASSING = (*UNAVAILABLE, ConflictError, OverloadedError)
LATELY = """
    SELECT topic, partition, position, subject, headers, value FROM parked_event
    WHERE consumer = $1 AND parked_at > $2 ORDER BY parked_at, topic, partition, position LIMIT $3
"""
DONE = "DELETE FROM parked_event WHERE consumer = $1 AND topic = $2 AND partition = $3 AND position = $4"


class Inbound(Generic[M]):
    """Reads topics as a member of its group."""

    def __init__(
        self,
        name: str,
        topics: Sequence[Topic],
        pool: Pool,
        known: Mapping[str, type[M]],
        take: Take[M],
        subject_of: Callable[[M], UUID],
        *,
        bootstrap: str,
        health: Health,
    ) -> None:
        self.name = name
        self.parking = Parking(name)
        self._topics = tuple(topics)
        self._pool = pool
        self._known = known
        self._take = take
        self._subject_of = subject_of
        self._bootstrap = bootstrap
        self._health = health

    async def run(self) -> None:
        """Take in until cancelled."""
        try:
            await ensure_topics(self._bootstrap, self._topics)
        except TopicMismatchError as error:
            structlog.get_logger().info("inbound.partitions", reason=str(error))
        async with subscribed(self._bootstrap, f"care-{self.name}", self._topics) as consumer:
            self._health.ready()
            await self._take_for_ever(consumer)

    async def _take_for_ever(self, consumer: AIOKafkaConsumer) -> None:
        loop = asyncio.get_running_loop()
        retried_at = loop.time()
        while True:
            fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
            if fetched:
                await self.take_all([record for records in fetched.values() for record in records])
                await commit(consumer)
            if loop.time() - retried_at > RETRY_SECONDS:
                await self.retry()
                retried_at = loop.time()

    async def take_all(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Take records in, those under one key in their order. Raises what is nobody's fault; then all come again."""
        by_key: dict[object, list[ConsumerRecord[Any, Any]]] = defaultdict(list)
        for record in records:
            by_key[record.partition, record.key].append(record)
        slots = asyncio.Semaphore(CONCURRENCY)

        async def in_order(own: Sequence[ConsumerRecord[Any, Any]]) -> None:
            async with slots:
                for record in own:
                    await self._take_or_park(record)

        async with asyncio.TaskGroup() as group:
            for own in by_key.values():
                group.create_task(in_order(own))

    async def _take_or_park(self, record: ConsumerRecord[Any, Any]) -> None:
        headers = headers_of(record)
        subject, problem = await self._try(headers, record.value)
        metrics.series(metrics.RECORDS, self.name, record.topic, "refused" if problem else "applied").inc()
        if problem:
            source = Source(record.topic, record.partition)
            delivery = Delivery(source, record.offset, 0, subject, headers, record.value, None, problem)
            async with transaction(self._pool) as held:
                await self.parking.park(held, [delivery], problem)
            metrics.series(metrics.PARKED, self.name).inc()
            structlog.get_logger().warning("inbound.parked", consumer=self.name, subject=str(subject))

    async def _try(self, headers: Mapping[str, str], value: bytes | None) -> tuple[UUID, str | None]:
        """Take one message in; return whose it is, and why it could not be taken."""
        try:
            message = read_message(headers, value, self._known)
        except UndecodableError as error:
            return UNKNOWN_CUSTOMER, str(error)
        subject = self._subject_of(message.told)
        try:
            await self._take(message.told, self._context(message))
        except PASSING:
            raise
        except REFUSED as error:
            return subject, reason_of(error)
        except Exception as error:  # noqa: BLE001 - one message that breaks us must not stop the others
            structlog.get_logger().error("inbound.broke", consumer=self.name, exc_info=error)
            return subject, f"{type(error).__name__} while it was taken in"
        return subject, None

    def _context(self, message: Message[M]) -> Context:
        named = message.attributes
        return Context(
            key=f"{self.name}|{named.source}|{named.id}",
            actor=named.source,
            correlation_id=named.correlationid or named.id,
            now=datetime.now(UTC),
            request_hash=message.digest,
            traceparent=named.traceparent,
        )

    async def retry(self) -> int:
        """Try again what was parked lately; return how many were taken in now."""
        rows = await self._pool.fetch(LATELY, self.name, datetime.now(UTC) - RETRIED_FOR, MAX_RETRIED)
        return sum([await self._again(dict(row)) for row in rows])

    async def replay(self, subject: UUID) -> int:
        """Try again what is parked for a customer, however old; return how many were taken in."""
        async with transaction(self._pool) as held:
            rows = await self.parking.of_customer(held, subject)
        return sum([await self._again(row) for row in rows])

    async def _again(self, row: Mapping[str, Any]) -> bool:
        _, problem = await self._try(row["headers"], row["value"])
        if problem is None:
            await self._pool.execute(DONE, self.name, row["topic"], row["partition"], row["position"])
        return problem is None


def reason_of(error: Exception) -> str:
    """Return a sentence with the refusal's code, and nothing of what was sent."""
    match error:
        case RejectedError() | ProblemError():
            return f"{error.code}: {error.en}"
        case KeyReusedError():
            return "key-reused: this id came before with another content"
        case ValidationError():
            return f"does not fit: {error.error_count()} fields"
        case _:
            return type(error).__name__
