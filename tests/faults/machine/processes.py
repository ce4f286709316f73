"""Parts of the product that run step by step: command processes, relays and consumer groups."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.isolation import Handler
from chassis.consume.positions import PositionMovedError
from chassis.consume.record_reading import Decode, envelope_of
from chassis.postgres.database import Connection, Pool
from chassis.publish.cursor import READ_PARTITIONS
from chassis.publish.lease import LeaseLostError
from chassis.publish.relay import Relay
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.event import Envelope
from contracts.example_records import EXAMPLE_URL
from contracts.topics import FOLLOWUP_EVENTS, Topic, watermarks_of
from services.customer.domain import CUSTOMER, Customer
from tests.faults.machine.broker import Broker
from tests.faults.machine.databases import Databases
from tests.faults.machine.model import Order
from tests.faults.machine.process_death import ProcessDeath, ProcessDied
from tests.support.pipeline import SEE
from tests.support.records import watermark

APPLYING = "applier.applying"
TWO = 2


class CommandProcess:
    """One of several processes that handle commands, each with its own stream cache."""

    def __init__(self, databases: Databases) -> None:
        self._world = databases
        self.restart()

    def restart(self) -> None:
        self._handler: CommandHandler[Customer] = CommandHandler(
            EventStore(self._world.customer), CUSTOMER, EventMapper()
        )

    async def ask(self, order: Order, *, other: bool = False) -> Any:
        """Handle an order; `other` is a different request with the same key."""
        now, body = self._world.now, b"another body" if other else b"its body"
        context = Context(order.key, "sequence", order.key, now, request_hash=body)
        return await self._handler.handle(order.customer, order.command, context, expected_version=order.if_match)


class RelayPair:
    """Two relays of one store, of which one may have been paused and resume."""

    def __init__(self, pool: Pool, topic: Topic) -> None:
        self._pool, self.topic = pool, topic
        self.restart()

    async def cursor(self) -> dict[int, int]:
        """Return the position up to which each partition is published, as the store says."""
        return {row["partition"]: row["position"] for row in await self._pool.fetch(READ_PARTITIONS)}

    def restart(self) -> None:
        self._relays: list[Relay | None] = [None] * TWO
        # Since Kafka was lost: a relay compares the cursor with the topic when it starts.
        self.has_compared = False

    async def publish(self, number: int) -> None:
        """Let a relay publish one batch, unless another one holds the lease."""
        relay = self._relays[number]
        try:
            if relay is None:
                relay = Relay(
                    EventStore(self._pool),
                    self._pool,
                    self.topic,
                    bootstrap="",
                    public_url=EXAMPLE_URL,
                    health=Health("relay"),
                )
                if not await relay._lease.acquire():
                    return
                await relay._load_cursor()
                self.has_compared = True
                self._relays[number] = relay
            producer: Any = None
            await relay._take_watermark()
            await relay._publish_next(producer)
            await relay._publish_watermark(producer)
        except (ProcessDied, LeaseLostError):
            self._relays[number] = None


@dataclass
class Member:
    """One member of a consumer group, with its next offsets."""

    consumer: Consumer
    offsets: dict[TopicPartition, int] = field(default_factory=dict)


class ConsumerGroup:
    """A consumer group with two members that both believe they own the partitions: one is a zombie."""

    def __init__(
        self,
        name: str,
        pool: Pool,
        topics: Sequence[Topic],
        handler: Handler,
        death: ProcessDeath,
        decode: Decode = envelope_of,
    ) -> None:
        async def handle_or_die(events: Sequence[Any], held: Connection) -> None:
            await handler(events, held)
            death.point(APPLYING)

        self._applier = Applier(name, pool, handle_or_die, decode=decode)
        self._topics = topics
        self.restart()

    def restart(self) -> None:
        self._members = [self._new() for _ in range(TWO)]

    def _new(self) -> Member:
        return Member(Consumer(self._applier, self._topics, bootstrap="", health=Health("reader")))

    async def deliver(
        self, broker: Broker, number: int, places: Sequence[TopicPartition], start: int | None, count: int
    ) -> None:
        """Deliver records to a member in one batch: from its next offsets, or from `start`."""
        member = self._members[number]
        begins = {place: member.offsets.get(place, 0) if start is None else start for place in places}
        records = {place: found for place, begin in begins.items() if (found := broker.read(place, begin, count))}
        try:
            if records:
                await member.consumer.apply(records)
                await member.consumer.finish()
                member.offsets |= {place: begins[place] + len(found) for place, found in records.items()}
        except (ProcessDied, PositionMovedError):
            self._members[number] = self._new()


async def see(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    for envelope in envelopes:
        await held.execute(SEE, envelope.id, envelope.subject, envelope.position)


def publish_followup_watermarks(broker: Broker, databases: Databases) -> None:
    """Publish watermarks up to now on followup's topic, which has no events in a sequence."""
    topic = watermarks_of(FOLLOWUP_EVENTS)
    for number in range(topic.partitions):
        broker.take(TopicPartition(topic.name, number), watermark(databases.now, 0, partition=number))
