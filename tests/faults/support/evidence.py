"""Reads the input of the invariants: the store, the topic, and the results of consumers."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis.kafka.cloudevents import read
from chassis.postgres.database import Pool
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.event import Envelope
from contracts.topics import Topic
from services.customer.domain import customer_row as projection
from services.customer.projection import CustomerRow
from tests.faults.support.oracle import Applied, Published
from tests.oracles import reporting

READ_ON = 1_000
READ_SECONDS = 120.0
RECORDED_EARLIER = """
    SELECT count(*) FROM event later JOIN event earlier ON earlier.position = later.position - 1
    WHERE later.recorded_at < earlier.recorded_at
"""


async def stored(pool: Pool, *, after: int = 0) -> list[Envelope[Any]]:
    """Return the events of the store after a position, in the order of positions."""
    store, mapper = EventStore(pool), EventMapper()
    found: list[Envelope[Any]] = []
    while rows := await store.read_all(after=found[-1].position if found else after, limit=READ_ON):
        found += map(mapper.to_envelope, rows)
    return found


async def published(bootstrap: str, topic: Topic) -> list[Published]:
    """Return every event record of the topic."""
    return events_among(await records_of(bootstrap, topic))


async def epochs(bootstrap: str, topic: Topic) -> set[str]:
    """Return the epochs of all records of the topic."""
    return {read(record.headers, record.value).epoch for record in await records_of(bootstrap, topic)}


async def records_of(bootstrap: str, topic: Topic) -> list[ConsumerRecord[Any, Any]]:
    """Return all records of the topic."""
    places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    found: list[ConsumerRecord[Any, Any]] = []
    async with asyncio.timeout(READ_SECONDS):
        await reader.start()
        try:
            reader.assign(places)
            await reader.seek_to_beginning(*places)
            for place, end in (await reader.end_offsets(places)).items():
                while await reader.position(place) < end:
                    fetched = await reader.getmany(place, timeout_ms=200)
                    found += fetched.get(place, [])
        finally:
            await reader.stop()
    return found


def events_among(records: Iterable[ConsumerRecord[Any, Any]]) -> list[Published]:
    """Return the events in the records."""
    described = [(record, read(record.headers, record.value)) for record in records]
    return [
        Published(
            record.partition,
            record.offset,
            UUID(event.id),
            UUID(event.subject),
            UUID(event.streamid),
            int(event.sequence),
            int(event.position),
            int(event.prevposition),
        )
        for record, event in described
    ]


async def applied(pool: Pool) -> list[Applied]:
    """Return the events that a pipeline's handler applied, in commit order."""
    rows = await pool.fetch("SELECT event_id, subject, position FROM seen ORDER BY n")
    return [Applied(**row) for row in rows]


async def customer_list(pool: Pool) -> dict[UUID, dict[str, Any]]:
    rows = await pool.fetch("SELECT * FROM customer")
    return {row["customer_id"]: dict(row) for row in rows}


def folded_list(facts: Iterable[Envelope[Any]]) -> Mapping[UUID, dict[str, Any]]:
    """Return the expected list of customers: the pure fold of the store."""
    rows: dict[UUID, CustomerRow] = {}
    for fact in facts:
        rows[fact.subject] = replace(projection.project(rows.get(fact.subject), fact), version=fact.version)
    return {key: asdict(row) for key, row in rows.items()}


async def recorded_in_order(pool: Pool) -> bool:
    """Return whether no event was recorded before the one at the position before it."""
    return not await pool.fetchval(RECORDED_EARLIER)


def reported_customers(facts: Iterable[Envelope[Any]]) -> Mapping[UUID, dict[str, Any]]:
    """Return the expected customers of reporting: the pure fold of the store."""
    return reporting.rows_of("customer", reporting.keyed(facts)["customer"])


async def rewind_group(bootstrap: str, group: str, topic: Topic) -> None:
    """Move a consumer group to the start of every partition."""
    places = {TopicPartition(topic.name, number): 0 for number in range(topic.partitions)}
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group)
    await reader.start()
    reader.assign(list(places))
    await reader.commit(places)
    await reader.stop()
