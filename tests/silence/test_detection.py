"""The same comparison with the applier, tables and store of the alerts service."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from chassis.consume.applier import Applier, Batch
from chassis.consume.delivery import Delivery
from chassis.consume.positions import Progress, Source
from chassis.kafka.client import partition_of
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import Kind, Registered
from contracts.event import Envelope
from contracts.examples import CONTACT_FORM_ID, example, example_envelope
from contracts.followup import Channel, ContactFormPublished, ContactLogged, Direction
from contracts.topics import PARTITIONS
from services.alerts.detection.detector import CONSUMER, Detector
from services.alerts.detection.received import read
from services.alerts.engine.rule_book import Rules
from tests.silence.delivery import Delivered, Looked, Marked, Restarted, Step, deliveries, in_order, what_is_right
from tests.silence.engines import said
from tests.silence.histories import CUSTOMER, FEEDS, FOLLOWUP, START, Facts, make_up
from tests.support import customer_life
from tests.support.facts import received_of
from tests.support.oracle_of_silence import Said
from tests.support.rule_books import THREE_RULES
from tests.support.servers import Servers

HISTORIES = 30
APART = timedelta(days=500)


class Live:
    """The alerts service without its process: applier, detector, and a clock that the test moves."""

    def __init__(self, pool: Pool, rules: Rules = THREE_RULES) -> None:
        self._pool = pool
        self._rules = rules
        self._now = START
        self.restart()

    def restart(self) -> None:
        store = EventStore(self._pool)
        self.detector = Detector(store, self._pool, EventMapper(), self._rules, lambda: self._now)
        self.applier = Applier(CONSUMER, self._pool, self.detector.apply, decode=read)
        self._progress: dict[Source, Progress] = {}

    async def take(self, facts: Facts, step: Step) -> None:
        match step:
            case Delivered(now, feed):
                self._now = now
                await self._deliver(feed, facts[feed][step.first : step.last], None)
            case Marked(now, feed):
                self._now = now
                await self._deliver(feed, [], now)
            case Looked(now):
                self._now = now
                await self.detector.run_due()
            case Restarted():
                self.restart()

    async def park(self, fact: Envelope[Any]) -> None:
        source = Source(FOLLOWUP, partition(fact.subject))
        delivery = Delivery(source, fact.position, 0, fact.subject, {}, None, fact)
        async with transaction(self._pool) as held:
            await self.applier.parked_events.park(held, [delivery], "cannot be applied")

    async def discard(self, customer_id: UUID) -> None:
        async with transaction(self._pool) as held:
            await self.applier.parked_events.discard(held, customer_id)

    async def _deliver(self, feed: str, facts: Sequence[Envelope[Any]], complete_until: datetime | None) -> None:
        """Apply new records like the consumer, with the same watermark for every partition of the feed."""
        mark = complete_until or facts[-1].recorded_at
        batches = {}
        for number in range(PARTITIONS):
            source = Source(feed, number)
            start = self._progress.get(source) or await self.applier.progress(source)
            new = [fact for fact in facts if partition(fact.subject) == number and fact.position > start.position]
            deliveries = [
                Delivery(source, fact.position, 0, fact.subject, {}, None, event)
                for fact, event in zip(new, received_of(new), strict=True)
            ]
            position = new[-1].position if new else start.position
            batches[source] = (start, Batch(deliveries, Progress(position, max(mark, start.watermark))))
        self._progress.update(await self.applier.apply(batches))


def delivery(source: Source, fact: Envelope[Any]) -> Delivery:
    (event,) = received_of([fact])
    return Delivery(source, fact.position, 0, fact.subject, {}, None, event)


def partition(customer_id: UUID) -> int:
    return partition_of(str(customer_id).encode(), PARTITIONS)


@pytest.fixture
async def alerts(running: Servers) -> AsyncIterator[Pool]:
    opened = await open_pool((await running.database("alerts")).app, size=5, application_name="tests")
    yield opened
    await opened.close()


async def told(pool: Pool, after: int = 0) -> list[Said]:
    """Return the alert changes in the store."""
    mapper, rows = EventMapper(), await EventStore(pool).read_all(after=after)
    return [said(envelope.event, envelope.subject) for envelope in map(mapper.to_envelope, rows)]


def moved(facts: Facts, by: dict[str, int]) -> Facts:
    """Shift the positions behind those of earlier histories."""
    return {feed: [replace(fact, position=fact.position + by[feed]) for fact in facts[feed]] for feed in FEEDS}


async def test_the_alerts_in_the_store_are_those_of_the_oracle(alerts: Pool) -> None:
    live, before, head = Live(alerts), dict.fromkeys(FEEDS, 0), 0
    for seed in range(1, HISTORIES + 1):
        random = Random(seed)  # noqa: S311 - not for secrets
        facts = moved(make_up(random, START + seed * APART), before)
        before = {feed: before[feed] + len(facts[feed]) for feed in FEEDS}
        steps = list(deliveries(random, facts))
        for step in steps:
            await live.take(facts, step)
        # A feed that has been heard of in an earlier history is complete to then, which is before all of this one.
        oracle = what_is_right(facts, steps, THREE_RULES)
        assert in_order(await told(alerts, head)) == in_order(oracle.said), f"seed {seed}"
        head = await EventStore(alerts).head()


async def test_a_customer_with_parked_events_raises_no_alert(alerts: Pool) -> None:
    live = Live(alerts)
    registered = replace(customer_life.envelope(Registered(kind=Kind.COMPANY), 0), position=1)
    contact = ContactLogged(channel=Channel.PHONE, direction=Direction.INBOUND, employee_id="wang")
    facts = {CUSTOMER: [registered], FOLLOWUP: []}
    end = customer_life.day(40)
    await live.take(facts, Delivered(customer_life.day(0), CUSTOMER, 0, 1))
    await live.park(replace(customer_life.envelope(contact, 20), position=1))
    for step in (Marked(end, CUSTOMER), Marked(end, FOLLOWUP), Looked(end)):
        await live.take(facts, step)
    assert await told(alerts) == []
    await live.discard(customer_life.CUSTOMER)
    await live.take(facts, Looked(end))
    assert [each.kind for each in await told(alerts)] == ["raised"]


async def test_an_event_about_no_customer_starts_no_monitoring(alerts: Pool) -> None:
    form = example_envelope(
        example(ContactFormPublished), position=1, stream_id=CONTACT_FORM_ID, subject=CONTACT_FORM_ID
    )
    await Live(alerts).take({FOLLOWUP: [form]}, Delivered(START, FOLLOWUP, 0, 1))
    assert not await alerts.fetchval("SELECT count(*) FROM silence WHERE customer_id = $1", CONTACT_FORM_ID)
