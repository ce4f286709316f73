"""Consumes inbound messages: CloudEvents that other systems send, without positions.

Guarantees (P1). Each message has one effect: its CloudEvents `source` and `id` form the idempotency key of its command,
so a redelivered message changes nothing. The Kafka offset is committed after the effect. Messages with the same Kafka
key are handled in order. A message that is invalid or rejected is parked, and retried for RETRY_PERIOD, because the
customer or order that it refers to may be recorded later. A parked message of another system is deleted after
PARKED_RETENTION.
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
from chassis.consume.delivery import UNKNOWN_CUSTOMER, Delivery
from chassis.consume.inbound_message import Message, data_of, headers_of, read_message
from chassis.consume.parked_events import ParkedEvents
from chassis.consume.positions import Source
from chassis.consume.subscription import commit_offsets, subscribed
from chassis.kafka.client import TopicMismatchError, ensure_topics
from chassis.kafka.cloudevents import UndecodableError
from chassis.postgres.database import UNAVAILABLE, Pool, transaction
from chassis.runtime import metrics
from chassis.runtime.supervisor import Health
from chassis.store.append import EventTooLargeError
from chassis.store.erasure import erasures_of, lock_store
from chassis.store.group_commit import OverloadedError
from contracts.topics import Topic

M = TypeVar("M", bound=BaseModel)
Handle = Callable[[M, Context], Awaitable[None]]

POLL_MS = 500
MAX_RECORDS = 500
CONCURRENCY = 32
RETRY_SECONDS = 30.0
RETRY_PERIOD = timedelta(days=1)
MAX_RETRIED = 1_000
# An erasure cannot find messages that name no customer, so their content is removed after this time.
UNKNOWN_RETENTION = timedelta(days=30)
# Until then the readiness names the consumer. The system that sent a message still has it, and can send it again.
PARKED_RETENTION = timedelta(days=90)
MAX_DELETED = 1_000
REJECTIONS = (RejectedError, ProblemError, KeyReusedError, EventTooLargeError, ValidationError)
# Errors that no message causes: the message is read again later.
TRANSIENT = (*UNAVAILABLE, ConflictError, OverloadedError)
# In turns: first the oldest message of each customer, then the second of each.
RECENTLY_PARKED = """
    SELECT topic, partition, position, subject, headers, value FROM (
        SELECT *, row_number() OVER (PARTITION BY subject ORDER BY parked_at, topic, partition, position) AS turn
        FROM parked_event WHERE consumer = $1 AND parked_at > $2
    ) recent ORDER BY turn, parked_at, topic, partition, position LIMIT $3
"""
REMOVE_CONTENT = """
    UPDATE parked_event SET headers = '{}', value = NULL
    WHERE consumer = $1 AND subject = $2 AND parked_at < $3 AND value IS NOT NULL
"""
DELETE_EXPIRED = """
    DELETE FROM parked_event WHERE ctid = ANY(ARRAY(
        SELECT p.ctid FROM parked_event p, check_clock($2)
        WHERE p.consumer = $1 AND p.parked_at < clock_timestamp() - $3::interval
        ORDER BY p.parked_at LIMIT $4 FOR UPDATE OF p SKIP LOCKED
    ))
"""
DELETE = "DELETE FROM parked_event WHERE consumer = $1 AND topic = $2 AND partition = $3 AND position = $4"


class InboundConsumer(Generic[M]):
    """Consumes topics as a member of a group. `known` are the message types, `subject_of` returns the customer id.

    `named_in` returns the customer id that the data of an invalid message names, if it names one.
        Without `named_in`, the messages hold no personal data, and parked ones keep their content.
    """

    def __init__(
        self,
        name: str,
        topics: Sequence[Topic],
        pool: Pool,
        known: Mapping[str, type[M]],
        handle: Handle[M],
        subject_of: Callable[[M], UUID],
        *,
        named_in: Callable[[Any], UUID | None] | None = None,
        bootstrap: str,
        health: Health,
    ) -> None:
        self.name = name
        self.parked_events = ParkedEvents(name)
        self._topics = tuple(topics)
        self._pool = pool
        self._known = known
        self._handle = handle
        self._subject_of = subject_of
        self._named_in = named_in
        self._bootstrap = bootstrap
        self._health = health

    async def run(self) -> None:
        """Consume until cancelled. Raises any failure."""
        try:
            await ensure_topics(self._bootstrap, self._topics)
        except TopicMismatchError as error:
            structlog.get_logger().info("inbound.partitions", reason=str(error))
        async with subscribed(self._bootstrap, f"care-{self.name}", self._topics) as consumer:
            self._health.ready()
            await self._consume_loop(consumer)

    async def _consume_loop(self, consumer: AIOKafkaConsumer) -> None:
        loop = asyncio.get_running_loop()
        retried_at = loop.time()
        while True:
            fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
            if fetched:
                await self.handle_all([record for records in fetched.values() for record in records])
                await commit_offsets(consumer)
            if loop.time() - retried_at > RETRY_SECONDS:
                await self.retry()
                retried_at = loop.time()

    async def handle_all(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Handle records, those with the same key in order. Raises TRANSIENT errors; then all are read again."""
        by_key: dict[object, list[ConsumerRecord[Any, Any]]] = defaultdict(list)
        for record in records:
            by_key[record.partition, record.key].append(record)
        slots = asyncio.Semaphore(CONCURRENCY)

        async def in_order(messages: Sequence[ConsumerRecord[Any, Any]]) -> None:
            async with slots:
                for record in messages:
                    await self._handle_or_park(record)

        async with asyncio.TaskGroup() as group:
            for messages in by_key.values():
                group.create_task(in_order(messages))

    async def _handle_or_park(self, record: ConsumerRecord[Any, Any]) -> None:
        headers = headers_of(record)
        subject, problem = await self._read_and_handle(headers, record.value)
        metrics.series(metrics.RECORDS, self.name, record.topic, "refused" if problem else "applied").inc()
        if problem:
            source = Source(record.topic, record.partition)
            delivery = Delivery(source, record.offset, 0, subject, headers, record.value, None, problem)
            async with transaction(self._pool) as held:
                # An erasure of this customer holds the same lock: it sees this row, or this sees the erasure.
                await lock_store(held)
                if self._named_in and any(each.person_id is None for each in await erasures_of(held, subject)):
                    delivery = delivery._replace(headers={}, value=None)
                await self.parked_events.park(held, [delivery], problem)
            metrics.series(metrics.PARKED, self.name).inc()
            structlog.get_logger().warning("inbound.parked", consumer=self.name, subject=str(subject))

    async def _read_and_handle(self, headers: Mapping[str, str], value: bytes | None) -> tuple[UUID, str | None]:
        """Handle one message. Return the customer id, and the reason if the message must be parked."""
        try:
            message = read_message(headers, value, self._known)
        except UndecodableError as error:
            named = self._named_in(data_of(headers, value)) if self._named_in else None
            return named or UNKNOWN_CUSTOMER, str(error)
        subject = self._subject_of(message.data)
        try:
            await self._handle(message.data, self._context(message))
        except TRANSIENT:
            raise
        except REJECTIONS as error:
            return subject, reason_of(error)
        except Exception as error:  # noqa: BLE001 - one message that causes a bug must not stop the others
            structlog.get_logger().error("inbound.broke", consumer=self.name, exc_info=error)
            return subject, f"{type(error).__name__} while it was handled"
        return subject, None

    def _context(self, message: Message[M]) -> Context:
        attributes = message.attributes
        return Context(
            key=f"{self.name}|{attributes.source}|{attributes.id}",
            actor=attributes.source,
            correlation_id=attributes.correlationid or attributes.id,
            now=datetime.now(UTC),
            request_hash=message.digest,
            traceparent=attributes.traceparent,
        )

    async def retry(self) -> int:
        """Retry the messages that were parked within RETRY_PERIOD. Return how many succeeded."""
        if self._named_in:
            await self._pool.execute(REMOVE_CONTENT, self.name, UNKNOWN_CUSTOMER, datetime.now(UTC) - UNKNOWN_RETENTION)
            await self._delete_expired()
        rows = await self._pool.fetch(RECENTLY_PARKED, self.name, datetime.now(UTC) - RETRY_PERIOD, MAX_RETRIED)
        return sum([await self._retry(dict(row)) for row in rows])

    async def _delete_expired(self) -> None:
        """Delete up to MAX_DELETED messages that were parked PARKED_RETENTION ago. Raises ClockError."""
        status = await self._pool.execute(DELETE_EXPIRED, self.name, datetime.now(UTC), PARKED_RETENTION, MAX_DELETED)
        if deleted := int(status.rsplit(" ", 1)[1]):
            structlog.get_logger().warning("inbound.expired", consumer=self.name, messages=deleted)

    async def replay(self, subject: UUID) -> int:
        """Retry all parked messages of a customer, however old. Return how many succeeded."""
        async with transaction(self._pool) as held:
            rows = await self.parked_events.of_customer(held, subject)
        return sum([await self._retry(row) for row in rows])

    async def _retry(self, row: Mapping[str, Any]) -> bool:
        _, problem = await self._read_and_handle(row["headers"], row["value"])
        if problem is None:
            await self._pool.execute(DELETE, self.name, row["topic"], row["partition"], row["position"])
        return problem is None


def reason_of(error: Exception) -> str:
    """Return the code and text of a rejection, without data of the message."""
    match error:
        case RejectedError() | ProblemError():
            return f"{error.code}: {error.en}"
        case KeyReusedError():
            return "key-reused: this id was used before with different content"
        case ValidationError():
            return f"invalid: {error.error_count()} fields"
        case _:
            return type(error).__name__
