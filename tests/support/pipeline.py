"""A relay and a consumer on their own topic, with a handler that records the events it receives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from chassis.commands.command_handler import CommandHandler
from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.kafka.client import record_counts
from chassis.postgres.database import Connection, Pool
from chassis.publish.relay import Relay
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.event import Envelope
from contracts.example_records import EXAMPLE_URL
from contracts.topics import CUSTOMER_EVENTS, Topic, watermarks_of
from services.customer.domain import CUSTOMER, Customer

TABLE = "CREATE TABLE IF NOT EXISTS seen (event_id uuid PRIMARY KEY, subject uuid, position bigint, n bigserial)"
SEE = "INSERT INTO seen (event_id, subject, position) VALUES ($1, $2, $3)"


@dataclass
class Pipeline:
    """One store and one topic, with any number of relays and consumers."""

    pool: Pool
    store: EventStore
    bootstrap: str
    topic: Topic
    name: str = field(default_factory=lambda: f"t{uuid4().hex[:8]}")
    poison: set[UUID] = field(default_factory=set)

    @property
    def customers(self) -> CommandHandler[Customer]:
        return CommandHandler(self.store, CUSTOMER, EventMapper())

    def relay(self) -> Relay:
        return Relay(
            self.store,
            self.pool,
            self.topic,
            bootstrap=self.bootstrap,
            public_url=EXAMPLE_URL,
            health=Health("relay"),
        )

    @property
    def applier(self) -> Applier:
        return Applier(self.name, self.pool, self._see)

    def consumer(self) -> Consumer:
        return Consumer(self.applier, [self.topic], bootstrap=self.bootstrap, health=Health("consumer"))

    async def _see(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        for envelope in envelopes:
            if envelope.subject in self.poison:
                raise ValueError("a handler that cannot take this customer's events")
            await held.execute(SEE, envelope.id, envelope.subject, envelope.position)

    async def seen(self) -> list[tuple[UUID, int]]:
        rows = await self.pool.fetch("SELECT subject, position FROM seen ORDER BY n")
        return [(row["subject"], row["position"]) for row in rows]

    async def has_watermarks(self) -> bool:
        """Return whether each partition has a watermark."""
        topic = watermarks_of(self.topic)
        counts = await record_counts(self.bootstrap, topic.name, list(range(topic.partitions)))
        return all(counts.values())

    async def has_seen(self, count: int) -> bool:
        return len(await self.seen()) == count


async def new_pipeline(pool: Pool, store: EventStore, bootstrap: str, admin_url: str) -> Pipeline:
    """Create a pipeline on a new topic; the admin creates the table `seen`, as a migration would."""
    admin = await asyncpg.connect(admin_url)
    await admin.execute(TABLE)
    await admin.execute(
        "GRANT SELECT, INSERT, DELETE ON seen TO care_app; GRANT USAGE ON SEQUENCE seen_n_seq TO care_app"
    )
    await admin.close()
    topic = Topic(f"test.events.{uuid4().hex}", "customer", "A test's own.", CUSTOMER_EVENTS.events, partitions=3)
    return Pipeline(pool, store, bootstrap, topic)
