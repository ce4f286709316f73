"""Confirms received erasures on a topic, for a service that does not answer with an event of its store.

Guarantees. A received erasure is recorded in the transaction that applies its event. Its answer is sent at least once:
the erasure is marked as confirmed after Kafka has acknowledged the whole batch. A process that stops in between sends
the same messages again. Any number of processes may send. If the topic has fewer records than there are confirmed
erasures, it was lost, and all answers are sent again.
"""

import math
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from uuid import UUID

import structlog

from chassis.kafka.client import close_client, ensure_topics, new_producer, partition_of, record_counts
from chassis.kafka.records import Record, Row
from chassis.kafka.sending import Outgoing, send_all
from chassis.postgres.database import Connection, Pool
from chassis.runtime.crash import crash_point
from contracts.topics import Topic

BATCH = 500
# How often a process without unsent answers checks that the topic still has the confirmed ones.
TOPIC_CHECK_SECONDS = 600.0

RECEIVE = "INSERT INTO erasure_received (erasure_id, subject, entries) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
UNCONFIRMED = """
    SELECT erasure_id, subject AS customer_id, entries, received_at FROM erasure_received WHERE confirmed_at IS NULL
    ORDER BY received_at, erasure_id LIMIT $1
"""
CONFIRM = "UPDATE erasure_received SET confirmed_at = clock_timestamp() WHERE erasure_id = ANY($1)"
CONFIRMED = "SELECT count(*) FROM erasure_received WHERE confirmed_at IS NOT NULL"
RESET_CONFIRMED = "UPDATE erasure_received SET confirmed_at = NULL WHERE confirmed_at IS NOT NULL"

Count = Callable[[Connection, UUID], Awaitable[int]]
RecordOf = Callable[[Row], Record]


async def receive(erasures: Iterable[tuple[UUID, UUID]], held: Connection, count: Count) -> None:
    """Record received erasures, each with the number of texts that `count` finds, or deletes, of its customer.

    An erasure is given as the ids of its event and of its customer. The handler of the consumer calls this in its
    transaction, after it has written its rows.
    """
    for erasure_id, customer_id in erasures:
        await held.execute(RECEIVE, erasure_id, customer_id, await count(held, customer_id))


class ErasureAnswers:
    """Sends an answer for each erasure recorded by `receive`. `run_due` is called as a timer.

    `record_of` builds the answer from a row of UNCONFIRMED, always with the same bytes.
    """

    def __init__(
        self, topic: Topic, record_of: RecordOf, pool: Pool, *, bootstrap: str, idempotence: bool = True
    ) -> None:
        self._topic = topic
        self._record_of = record_of
        self._pool = pool
        self._bootstrap = bootstrap
        self._idempotence = idempotence
        self._checked_at = -math.inf

    async def run_due(self) -> int:
        """Send up to BATCH answers and mark them once all are acknowledged. Return how many were sent."""
        rows = await self._pool.fetch(UNCONFIRMED, BATCH)
        if rows or time.monotonic() - self._checked_at > TOPIC_CHECK_SECONDS:
            await self._check_topic()
            rows = await self._pool.fetch(UNCONFIRMED, BATCH)
        if rows:
            await self._send([self._record_of(row) for row in rows])
            crash_point("erasure-answers.after-acknowledgement")
            await self._pool.execute(CONFIRM, [row["erasure_id"] for row in rows])
        return len(rows)

    async def _check_topic(self) -> None:
        """Mark all erasures as unconfirmed if the topic has fewer records than there are confirmed erasures."""
        await ensure_topics(self._bootstrap, (self._topic,))
        if confirmed := await self._pool.fetchval(CONFIRMED):
            counts = await record_counts(self._bootstrap, self._topic.name, list(range(self._topic.partitions)))
            if sum(counts.values()) < confirmed:
                structlog.get_logger().warning("erasure-answers.refill", topic=self._topic.name)
                await self._pool.execute(RESET_CONFIRMED)
        self._checked_at = time.monotonic()

    async def _send(self, records: Sequence[Record]) -> None:
        """Send with a new producer: answers are rare, so an idle connection would be a waste."""
        outgoing: Outgoing = {}
        for record in records:
            outgoing.setdefault((self._topic.name, partition_of(record[0], self._topic.partitions)), []).append(record)
        producer = new_producer(
            self._bootstrap, f"care-{self._topic.owner}-erasure-answers", idempotence=self._idempotence
        )
        try:
            await producer.start()
            await send_all(producer, outgoing)
        finally:
            await close_client(producer.stop())
