"""Sends records in one batch sequence per partition, in order, and waits for all acknowledgements."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from chassis.kafka.client import REQUEST_TIMEOUT_MS
from chassis.kafka.records import Record

SEND_DEADLINE_SECONDS = REQUEST_TIMEOUT_MS / 1000 + 5

Outgoing = dict[tuple[str, int], list[Record]]


async def send_all(producer: AIOKafkaProducer, outgoing: Outgoing) -> None:
    """Send the records of each partition in order. Return when all are acknowledged; raise if any send fails.

    `send_batch` waits until the previous batch of the partition was sent, so the partitions take turns. There is no
    task per partition: on a busy event loop each task would add a delay.
    """
    batches = [list(batches_of(producer, records)) for records in outgoing.values()]
    async with asyncio.timeout(SEND_DEADLINE_SECONDS):
        acknowledgements = [
            await producer.send_batch(batch, topic, partition=partition)
            for turn in zip_longest(*batches)
            for (topic, partition), batch in zip(outgoing, turn, strict=True)
            if batch
        ]
        await asyncio.gather(*acknowledgements)


def batches_of(producer: AIOKafkaProducer, records: Sequence[Record]) -> Iterator[BatchBuilder]:
    batch = producer.create_batch()
    for record in records:
        if not fits(batch, record):
            yield batch
            batch = producer.create_batch()
            if not fits(batch, record):
                raise ValueError(f"a record of {len(record[1] or b'')} bytes does not fit into an empty batch")
    yield batch


def fits(batch: BatchBuilder, record: Record) -> bool:
    key, value, headers = record
    return batch.append(timestamp=None, key=key or None, value=value, headers=headers) is not None
