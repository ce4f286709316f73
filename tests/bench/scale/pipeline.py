"""The processes from two stores through Kafka to the read model, each role as in production."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer

from chassis.consume.subscription import all_partitions
from chassis.kafka.client import ensure_topics
from chassis.postgres.database import Pool
from contracts.topics import CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from deploy.stack.child import Child
from deploy.stack.layout import Layout
from deploy.stack.ports import HOST, free_port
from services.reporting.projection import TOPICS
from tests.bench.harness import processes
from tests.bench.harness.measuring import Bed, running
from tests.bench.pieces.relay import expecting_refusals
from tests.support.servers import Database

FEEDS = {"customer": CUSTOMER_EVENTS, "followup": FOLLOWUP_EVENTS}
GROUP = "care-reporting"
REWIND_SECONDS = 30.0
PUBLISHED = "SELECT partition, position FROM relay_partition WHERE position > 0"
APPLIED = "SELECT topic, partition, position FROM consumer_position WHERE consumer = 'reporting' AND position > 0"

# The last position on each partition of each topic.
Ends = dict[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Store:
    """One service's store, filled, and the topic that it is published to."""

    service: str
    database: Database
    pool: Pool

    @property
    def topic(self) -> str:
        return FEEDS[self.service].name


def roles(bed: Bed, ports: Layout, started: Sequence[tuple[str, str, Database]]) -> AbstractAsyncContextManager[None]:
    """Run a process for each (service, role, database) while the block lasts."""
    return running(*(process(bed, ports, number, *each) for number, each in enumerate(started)))


def process(bed: Bed, ports: Layout, number: int, service: str, role: str, database: Database) -> Child:
    port = free_port()
    told = processes.environment(bed, ports, database, service) | {"CARE_PORT": str(port)}
    url, module = f"http://{HOST}:{port}", [f"services.{service}", role]
    return processes.python(f"{service}-{role}-{number}", module, url, bed, told)


async def published(stores: Sequence[Store]) -> Ends:
    """Return what the relays say they have published."""
    return {
        (store.topic, row["partition"]): row["position"]
        for store in stores
        for row in await store.pool.fetch(PUBLISHED)
    }


async def applied(pool: Pool) -> Ends:
    """Return how far reporting says it is."""
    return {(row["topic"], row["partition"]): row["position"] for row in await pool.fetch(APPLIED)}


async def read_from_the_start(bootstrap: str) -> None:
    """Let Kafka forget how far reporting has read: a new database has to begin at the beginning."""
    await ensure_topics(bootstrap, TOPICS)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=GROUP, enable_auto_commit=False)
    with expecting_refusals():
        async with asyncio.timeout(REWIND_SECONDS), consumer:
            consumer.assign(all_partitions(TOPICS))
            await consumer.commit(dict.fromkeys(all_partitions(TOPICS), 0))
