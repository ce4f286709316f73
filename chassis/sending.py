"""Sends records in batches of one partition each, in order, and waits until all are acknowledged."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from chassis.kafka import REQUEST_TIMEOUT_MS
from chassis.records import Record

SEND_DEADLINE_SECONDS = REQUEST_TIMEOUT_MS / 1000 + 5

Outgoing = dict[tuple[str, int], list[Record]]


async def send_all(producer: AIOKafkaProducer, outgoing: Outgoing) -> None:
    """Send every partition's records in order and return once all are acknowledged."""
    async with asyncio.timeout(SEND_DEADLINE_SECONDS), asyncio.TaskGroup() as group:
        for (topic, partition), records in outgoing.items():
            group.create_task(send_partition(producer, topic, partition, records))


async def send_partition(producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Record]) -> None:
    acknowledgements = []
    batch = producer.create_batch()
    for record in records:
        if not fits(batch, record):
            acknowledgements.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            if not fits(batch, record):
                raise ValueError(f"a record of {len(record[1] or b'')} bytes does not fit into an empty batch")
    acknowledgements.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*acknowledgements)


def fits(batch: BatchBuilder, record: Record) -> bool:
    key, value, headers = record
    return batch.append(timestamp=None, key=key or None, value=value, headers=headers) is not None
