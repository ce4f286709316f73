"""Reporting's projection applying events live, against COPY of the resulting rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from io import BytesIO
from time import perf_counter
from typing import Any
from uuid import uuid4

from aiokafka import ConsumerRecord, TopicPartition

from chassis.consume.applier import Applier, Batch
from chassis.consume.consumer import MAX_RECORDS
from chassis.consume.fact_log.fact import FactReader
from chassis.consume.positions import Progress, Source
from chassis.consume.record_reading import delivery_of
from chassis.kafka.client import partition_of
from chassis.kafka.cloudevents import read
from chassis.postgres.database import Pool
from contracts.event import Envelope
from contracts.topics import PARTITIONS
from services.reporting import projection
from tests.bench.harness.event_data import LIFE, mixed, topic_of
from tests.bench.harness.measuring import Bed, Figure, administrator, interleaved, rate
from tests.support.records import record_of
from tests.support.servers import Database

EVENTS_PER_SECOND_OF_EFFORT = 4_000
TARGET = 0.25
PLACE = TopicPartition("bench", 0)
READER = FactReader(projection.TOPICS)
TABLES = projection.MODEL.names
EMPTY = f"TRUNCATE {', '.join(TABLES)}"
EMPTY_FLOOR = f"TRUNCATE {', '.join(f'floor_{table}' for table in TABLES)}"

Received = tuple[Source, ConsumerRecord[Any, Any]]
Polled = dict[Source, Batch]


async def measure(bed: Bed) -> list[Figure]:
    envelopes = list(mixed(round(EVENTS_PER_SECOND_OF_EFFORT * bed.effort.seconds / len(LIFE))))
    count, polls = len(envelopes), polls_of(received(envelopes))
    decoded = [decode(poll) for poll in polls]
    bed.say(f"apply: {count} events of {count // len(LIFE)} customers")
    async with bed.store("reporting") as (database, pool):
        await applied_per_second(database, pool, count, decoded)
        copies = await make_floor(database)
        ours, with_decoding, floor = await interleaved(
            bed.effort.rounds,
            partial(applied_per_second, database, pool, count, decoded),
            lambda: applied_per_second(database, pool, count, map(decode, polls)),
            partial(copied_per_second, database, count, copies),
        )
    return [
        rate("apply", "events/s", ours, floor, TARGET),
        rate("apply, records decoded on the way", "events/s", with_decoding, floor, TARGET),
    ]


def received(envelopes: Sequence[Envelope[Any]]) -> list[Received]:
    """Return what the relays would have published of these events, as it reaches a consumer."""
    previous: dict[Source, int] = defaultdict(int)
    found: list[Received] = []
    for envelope in envelopes:
        source = Source(topic_of(type(envelope.event)).name, partition_of(str(envelope.subject).encode(), PARTITIONS))
        key, value, headers = record_of(envelope, previous[source])
        sizes = len(key), len(value)
        found.append((source, ConsumerRecord(*PLACE, len(found), 0, 0, key, value, None, *sizes, tuple(headers))))
        previous[source] = envelope.position
    return found


def polls_of(records: Sequence[Received]) -> list[Sequence[Received]]:
    return [records[first : first + MAX_RECORDS] for first in range(0, len(records), MAX_RECORDS)]


def decode(poll: Sequence[Received]) -> Polled:
    """Do what the consumer does with the records of one poll."""
    batches: Polled = defaultdict(Batch)
    for source, record in poll:
        delivery = delivery_of(source, read(record.headers, record.value), record, READER.read)
        if delivery.event is None:
            raise AssertionError(delivery.problem)
        batches[source].deliveries.append(delivery)
        batches[source].progress = Progress(delivery.position, delivery.event.recorded_at)
    return batches


async def applied_per_second(database: Database, pool: Pool, count: int, polls: Iterable[Polled]) -> float:
    """Apply everything to an empty read model, one transaction for each poll."""
    async with administrator(database) as connection:
        await connection.execute(EMPTY)
    applier = Applier(f"bench-{uuid4().hex}", pool, projection.apply)
    topics = [topic.name for topic in projection.TOPICS]
    progress = {
        source: await applier.progress(source)
        for source in (Source(topic, number) for topic in topics for number in range(PARTITIONS))
    }
    started_at = perf_counter()
    for poll in polls:
        progress |= await applier.apply({source: (progress[source], batch) for source, batch in poll.items()})
    return count / (perf_counter() - started_at)


async def make_floor(database: Database) -> dict[str, bytes]:
    """Make twins of the read model's tables, indexes and all; return the rows there are, as COPY's own bytes."""
    copies: dict[str, bytes] = {}
    async with administrator(database) as connection:
        for table in TABLES:
            await connection.execute(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING ALL)")
            out = BytesIO()
            await connection.copy_from_table(table, output=out, format="binary")
            copies[table] = out.getvalue()
    return copies


async def copied_per_second(database: Database, count: int, copies: dict[str, bytes]) -> float:
    """Copy the same rows into the empty twins, in one transaction; in events, to compare."""
    async with administrator(database) as connection:
        await connection.execute(EMPTY_FLOOR)
        started_at = perf_counter()
        async with connection.transaction():
            for table, content in copies.items():
                await connection.copy_to_table(f"floor_{table}", source=BytesIO(content), format="binary")
        return count / (perf_counter() - started_at)
