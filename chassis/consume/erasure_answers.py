"""Answers to erasures, for a service that takes no personal words: which it has received, on a topic of its own.

Guarantees. An erasure is kept as received in the transaction that takes its fact in, and its answer goes out at least
once: it is marked as confirmed when all of its batch has been acknowledged. Whoever ends in between sends again, and
what is sent again is the same message. Any number of processes may send. A topic that holds less than was confirmed
was lost, and gets everything again.
"""

import math
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import structlog

from chassis.kafka.client import end, ensure_topics, log_ends, new_producer, partition_of
from chassis.kafka.records import Record, Row
from chassis.kafka.sending import Outgoing, send_all
from chassis.postgres.database import Connection, Pool
from chassis.runtime.crash import crash_point
from contracts.event import Envelope
from contracts.topics import Topic

BATCH = 500
# How often somebody with nothing to send asks whether the topic still holds what was confirmed.
LOOK_AGAIN_SECONDS = 600.0

RECEIVE = "INSERT INTO erasure_received (erasure_id, subject, entries) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
UNCONFIRMED = """
    SELECT erasure_id, subject AS customer_id, entries, received_at FROM erasure_received WHERE confirmed_at IS NULL
    ORDER BY received_at, erasure_id LIMIT $1
"""
CONFIRM = "UPDATE erasure_received SET confirmed_at = clock_timestamp() WHERE erasure_id = ANY($1)"
CONFIRMED = "SELECT count(*) FROM erasure_received WHERE confirmed_at IS NOT NULL"
FORGET = "UPDATE erasure_received SET confirmed_at = NULL WHERE confirmed_at IS NOT NULL"

Count = Callable[[Connection, UUID], Awaitable[int]]
RecordOf = Callable[[Row], Record]


async def receive(erasures: Iterable[Envelope[Any]], held: Connection, count: Count) -> None:
    """Keep which erasures have come, and how many words `count` finds of whom each is about.

    The consumer calls this inside its own transaction, after its rows are written.
    """
    for envelope in erasures:
        await held.execute(RECEIVE, envelope.id, envelope.subject, await count(held, envelope.subject))


class ErasureAnswers:
    """Sends what `receive` kept. `run_due` is the timers': with nothing to send it is one look at an index.

    `record_of` makes the answer of a row of UNCONFIRMED: the same bytes however often it is made.
    """

    def __init__(
        self, topic: Topic, record_of: RecordOf, pool: Pool, *, bootstrap: str, idempotence: bool = True
    ) -> None:
        self._topic = topic
        self._record_of = record_of
        self._pool = pool
        self._bootstrap = bootstrap
        self._idempotence = idempotence
        self._looked_at = -math.inf

    async def run_due(self) -> int:
        """Send up to BATCH answers, and mark them once all are acknowledged. Returns how many there were."""
        rows = await self._pool.fetch(UNCONFIRMED, BATCH)
        if rows or time.monotonic() - self._looked_at > LOOK_AGAIN_SECONDS:
            await self._look()
            rows = await self._pool.fetch(UNCONFIRMED, BATCH)
        if rows:
            await self._send([self._record_of(row) for row in rows])
            crash_point("erasure-answers.after-acknowledgement")
            await self._pool.execute(CONFIRM, [row["erasure_id"] for row in rows])
        return len(rows)

    async def _look(self) -> None:
        """Take back every mark if the topic holds fewer records than there are marks: each stands for one at least."""
        await ensure_topics(self._bootstrap, (self._topic,))
        if confirmed := await self._pool.fetchval(CONFIRMED):
            ends = await log_ends(self._bootstrap, self._topic.name, list(range(self._topic.partitions)))
            if sum(ends.values()) < confirmed:
                structlog.get_logger().warning("erasure-answers.refill", topic=self._topic.name)
                await self._pool.execute(FORGET)
        self._looked_at = time.monotonic()

    async def _send(self, records: Sequence[Record]) -> None:
        """Send through a producer made for this: answers are rare, and a connection costs while it is idle."""
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
            await end(producer.stop())
