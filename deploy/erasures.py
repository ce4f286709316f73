"""After a backup was brought back: which erasures the topic still tells of, and asking for them again.

`python -m deploy.erasures list > FILE` before the topics are deleted, `python -m deploy.erasures repeat FILE` once the
services run. Addresses come from CARE_KAFKA_BOOTSTRAP and CARE_CUSTOMER_URL, a token of ops or admin from CARE_TOKEN.
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

from contracts.customer import CustomerErased, KeyContactErased
from contracts.topics import CUSTOMER_EVENTS

POLL_MILLISECONDS = 500
TIMEOUT_SECONDS = 30.0
TYPES = {str(each.model_fields["type"].default) for each in (CustomerErased, KeyContactErased)}
ERASED = "erased"
# Who is not in the backup has no words in it; who was merged goes with the customer that they were merged into.
REFUSED = {HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


@dataclass(frozen=True, slots=True)
class Asked:
    """An erasure as it was asked for."""

    customer_id: str
    key_contact_id: str | None
    reason: str

    @property
    def path(self) -> str:
        person = f"/key-contacts/{self.key_contact_id}" if self.key_contact_id else ""
        return f"/v1/customers/{self.customer_id}{person}/erasure"


async def told(bootstrap: str) -> list[Asked]:
    """Return every erasure on the customers' topic, read from its beginning to its end."""
    places = [TopicPartition(CUSTOMER_EVENTS.name, number) for number in range(CUSTOMER_EVENTS.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        found: list[Asked] = []
        while [place for place in places if await consumer.position(place) < ends[place]]:
            for records in (await consumer.getmany(timeout_ms=POLL_MILLISECONDS)).values():
                found += erasures_of(records)
        return found
    finally:
        await consumer.stop()


def erasures_of(records: Iterable[ConsumerRecord[Any, Any]]) -> Iterator[Asked]:
    for record in records:
        headers = dict(record.headers)
        if headers.get("ce_type", b"").decode() in TYPES and record.value:
            said = json.loads(record.value)
            yield Asked(headers["ce_subject"].decode(), said.get("key_contact_id"), said["reason"])


async def repeat(asked: Iterable[Asked], url: str, token: str) -> Counter[str]:
    """Ask for each again; return how many were erased, and how many refused with which code. Safe to run twice."""
    outcomes: Counter[str] = Counter()
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        for each in asked:
            response = await client.post(each.path, json={"reason": each.reason})
            if response.status_code not in REFUSED:
                response.raise_for_status()
            outcomes[str(response.json()["code"]) if response.is_error else ERASED] += 1
    return outcomes


def read(lines: Iterable[str]) -> list[Asked]:
    return [Asked(**json.loads(line)) for line in lines if line.strip()]


def main(arguments: list[str]) -> int:
    match arguments:
        case ["list"]:
            for each in asyncio.run(told(os.environ["CARE_KAFKA_BOOTSTRAP"])):
                sys.stdout.write(json.dumps(asdict(each)) + "\n")
            return 0
        case ["repeat", file]:
            asked = read(Path(file).read_text().splitlines())
            outcomes = asyncio.run(repeat(asked, os.environ["CARE_CUSTOMER_URL"], os.environ["CARE_TOKEN"]))
            sys.stdout.write("".join(f"{outcome}: {count}\n" for outcome, count in sorted(outcomes.items())))
            return 0
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
