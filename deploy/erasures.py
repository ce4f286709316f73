"""Repeats erasures after a backup was restored.

Run `python -m deploy.erasures list > FILE` before you delete the topics: it reads all erasures from Kafka
(CARE_KAFKA_BOOTSTRAP). Run `python -m deploy.erasures repeat FILE` when the services run again: it requests the
erasures from the customer service (CARE_CUSTOMER_URL), with a token of ops or admin (CARE_TOKEN).
"""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis.kafka import cloudevents
from contracts.customer import CustomerErased, KeyContactErased
from contracts.topics import CUSTOMER_EVENTS

POLL_MILLISECONDS = 500
TIMEOUT_SECONDS = 30.0
TYPES = {str(each.model_fields["type"].default) for each in (CustomerErased, KeyContactErased)}
ERASED = "erased"
# A customer that is not in the backup has no data in it. A merged one is erased with the customer it was merged into.
REFUSED = {HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that was requested."""

    customer_id: str
    key_contact_id: str | None
    reason: str

    @property
    def path(self) -> str:
        person = f"/key-contacts/{self.key_contact_id}" if self.key_contact_id else ""
        return f"/v1/customers/{self.customer_id}{person}/erasure"


async def published(bootstrap: str) -> list[Erasure]:
    """Return all erasures on the customer topic, read from its beginning to its end."""
    partitions = [TopicPartition(CUSTOMER_EVENTS.name, number) for number in range(CUSTOMER_EVENTS.partitions)]
    # Without a seek, which can be overtaken by the default: to begin at the end.
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Erasure] = []
        while [partition for partition in partitions if await consumer.position(partition) < ends[partition]]:
            for records in (await consumer.getmany(timeout_ms=POLL_MILLISECONDS)).values():
                found += erasures_of(records)
        return found
    finally:
        await consumer.stop()


def erasures_of(records: Iterable[ConsumerRecord[Any, Any]]) -> Iterator[Erasure]:
    for record in records:
        event = cloudevents.read(record.headers, record.value)
        if event.type in TYPES and event.data:
            data = json.loads(bytes(event.data))
            yield Erasure(event.subject, data.get("key_contact_id"), data["reason"])


async def repeat(erasures: Iterable[Erasure], url: str, token: str) -> Counter[str]:
    """Request each erasure again; return how many were erased, and how many were refused by code. Safe to repeat."""
    outcomes: Counter[str] = Counter()
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        for each in erasures:
            response = await client.post(each.path, json={"reason": each.reason})
            if response.status_code not in REFUSED:
                response.raise_for_status()
            outcomes[str(response.json()["code"]) if response.is_error else ERASED] += 1
    return outcomes


def read(lines: Iterable[str]) -> list[Erasure]:
    return [Erasure(**json.loads(line)) for line in lines if line.strip()]


def main(arguments: list[str]) -> int:
    match arguments:
        case ["list"]:
            for each in asyncio.run(published(os.environ["CARE_KAFKA_BOOTSTRAP"])):
                sys.stdout.write(json.dumps(asdict(each)) + "\n")
            return 0
        case ["repeat", file]:
            erasures = read(Path(file).read_text().splitlines())
            outcomes = asyncio.run(repeat(erasures, os.environ["CARE_CUSTOMER_URL"], os.environ["CARE_TOKEN"]))
            sys.stdout.write("".join(f"{outcome}: {count}\n" for outcome, count in sorted(outcomes.items())))
            return 0
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
