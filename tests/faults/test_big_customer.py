"""60: the events of one customer take too long to apply. The other customers' alerts continue; readiness says it."""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.consume import applier, batch_parts
from chassis.consume.applier import MAX_WITNESSES, TOO_SLOW, Applier, Batch
from chassis.consume.batch_parts import TOO_LONG_SECONDS, TookTooLongError
from chassis.consume.delivery import Delivery
from chassis.consume.parked_watch import ParkedWatch
from chassis.consume.positions import Progress, Source
from chassis.postgres.database import (
    COMMAND_TIMEOUT_SECONDS,
    SERVER_SETTINGS,
    UNAVAILABLE,
    Connection,
    Pool,
    open_pool,
)
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import Registered
from contracts.event import Envelope, Event
from contracts.examples import OCCURRED_AT, example, example_envelope
from contracts.followup import TaskScheduled
from contracts.topics import CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.alerts.detection.detector import CONSUMER, Detector
from tests.faults.support.deployment import host_and_port, via_port
from tests.faults.support.proxy import Proxy, proxy_to
from tests.support.records import value_of
from tests.support.rule_books import THREE_RULES
from tests.support.servers import Database, Servers

# Shorter limits than in production, in the same proportions, so that the tests are short.
LIMIT_SECONDS, TOO_LONG, MUCH_LONGER_SECONDS = 1.0, 0.9, 3.0
LIMITS = {"statement_timeout": "1s", "idle_in_transaction_session_timeout": "1s"}
BIG, SMALL, OTHER = (UUID(int=number, version=4) for number in (1, 2, 3))
FACTS, TASKS = Source(CUSTOMER_EVENTS.name, 0), Source(FOLLOWUP_EVENTS.name, 0)
KNOWN = "SELECT customer_id FROM silence"
SLEEP = "SELECT pg_sleep($1)"


@dataclass
class Alerts:
    """The alerts service's consumer, with a handler that takes time for each event of some customers.

    It waits for the database or, if `is_computing`, blocks the event loop.
    """

    pool: Pool
    is_computing: bool = False
    seconds_per_event: dict[UUID, float] = field(default_factory=dict)
    health: Health = field(default_factory=lambda: Health("parked-events"))
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.detector = Detector(EventStore(self.pool), self.pool, EventMapper(), THREE_RULES, lambda: OCCURRED_AT)
        self.applier = Applier(CONSUMER, self.pool, self.handle)
        self.watch = ParkedWatch(self.pool, [CONSUMER], [self.applier], self.health)

    async def handle(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        await self.detector.evaluate(envelopes, held)
        if self.applier.is_halving:
            await self.watch.report()
            self.said.append(self.health.detail)
        seconds = sum(self.seconds_per_event.get(each.subject, 0.0) for each in envelopes)
        if self.is_computing:
            time.sleep(seconds)  # noqa: ASYNC251 - the fault itself
        elif seconds:
            await held.execute(SLEEP, seconds)

    async def receive(self, *batches: list[Delivery]) -> None:
        """Apply records, each list those of one source."""
        moves = {}
        for deliveries in batches:
            start = await self.applier.progress(deliveries[0].source)
            after = Progress(deliveries[-1].position, OCCURRED_AT)
            moves[deliveries[0].source] = start, Batch(deliveries, after)
        await self.applier.apply(moves)
        await self.watch.report()

    async def parked(self) -> dict[UUID, tuple[int, str]]:
        rows = await self.applier.parked_events.summary(self.pool)
        return {row["subject"]: (row["events"], row["reason"]) for row in rows}

    async def known(self) -> set[UUID]:
        return {row["customer_id"] for row in await self.pool.fetch(KNOWN)}

    async def positions(self) -> list[tuple[int, bool]]:
        """Return the position of each source, and whether it has a watermark."""
        progress = [await self.applier.progress(source) for source in (FACTS, TASKS)]
        return [(each.position, each.watermark == OCCURRED_AT) for each in progress]


def records(source: Source, event: type[Event], *subjects: UUID, first: int = 1) -> list[Delivery]:
    """Return one record for each subject, in this order."""
    found = []
    for position, subject in enumerate(subjects, first):
        fact = example_envelope(example(event), id=uuid4(), subject=subject, stream_id=uuid4(), position=position)
        value = value_of(fact, position - 1)
        found.append(Delivery(source, position, position - 1, subject, {}, value, fact))
    return found


@pytest.fixture
async def database(running: Servers) -> Database:
    return await running.database("alerts")


@pytest.fixture
async def alerts(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Alerts]:
    monkeypatch.setattr(batch_parts, "TOO_LONG_SECONDS", TOO_LONG)
    opened = await open_pool(database.app, size=3, application_name="tests", session=LIMITS)
    yield Alerts(opened)
    await opened.close()


def test_60_every_limit_of_a_connection_is_longer_than_the_time_that_counts_as_too_long() -> None:
    of_server = [float(SERVER_SETTINGS[name].removesuffix("s")) for name in LIMITS]
    shortest = min(COMMAND_TIMEOUT_SECONDS, *of_server)
    assert 0.8 * shortest < TOO_LONG_SECONDS < shortest


async def test_60_a_batch_that_takes_too_long_is_applied_in_halves(alerts: Alerts) -> None:
    alerts.seconds_per_event = {BIG: LIMIT_SECONDS / 3}
    await alerts.receive(records(FACTS, Registered, BIG, SMALL), records(TASKS, TaskScheduled, *[BIG] * 6, SMALL))
    assert await alerts.parked() == {}
    assert await alerts.known() == {BIG, SMALL}
    assert await alerts.positions() == [(2, True), (7, True)]
    assert set(alerts.said) == {"alerts: a batch took too long and is applied in halves"}
    assert (alerts.health.is_ready, alerts.health.detail) == (True, "running")


@pytest.mark.parametrize("is_computing", [False, True])
async def test_60_a_customer_whose_events_take_too_long_is_parked_and_the_others_are_applied(
    alerts: Alerts, *, is_computing: bool
) -> None:
    alerts.is_computing = is_computing
    alerts.seconds_per_event = {BIG: MUCH_LONGER_SECONDS}
    await alerts.receive(records(FACTS, Registered, BIG, SMALL, BIG), records(TASKS, TaskScheduled, BIG, OTHER, BIG))
    assert await alerts.parked() == {BIG: (4, TOO_SLOW)}
    assert await alerts.known() == {SMALL, OTHER}
    assert await alerts.positions() == [(3, True), (3, True)]
    since = await alerts.pool.fetchval("SELECT min(parked_at) FROM parked_event")
    detail = f"alerts: 1 customers have 4 parked events, the oldest since {since:%Y-%m-%d %H:%M} UTC"
    assert (alerts.health.is_ready, alerts.health.detail) == (False, detail)


async def test_60_a_customer_without_others_in_its_batch_is_parked_if_the_database_is_fast(alerts: Alerts) -> None:
    alerts.seconds_per_event = {BIG: MUCH_LONGER_SECONDS}
    await alerts.receive(records(TASKS, TaskScheduled, BIG))
    assert await alerts.parked() == {BIG: (1, TOO_SLOW)}


async def test_60_parked_events_are_applied_by_a_replay_once_the_cause_is_gone(alerts: Alerts) -> None:
    alerts.seconds_per_event = {BIG: MUCH_LONGER_SECONDS}
    await alerts.receive(records(TASKS, TaskScheduled, BIG, SMALL))
    alerts.seconds_per_event = {}
    assert await alerts.applier.replay(BIG) == 1
    await alerts.watch.report()
    assert (await alerts.known(), alerts.health.is_ready) == ({BIG, SMALL}, True)


async def test_60_a_handler_that_is_slow_for_every_customer_parks_nobody(alerts: Alerts) -> None:
    batches = records(FACTS, Registered, BIG, SMALL, OTHER), records(TASKS, TaskScheduled, BIG, SMALL)
    alerts.seconds_per_event = dict.fromkeys((BIG, SMALL, OTHER), MUCH_LONGER_SECONDS)
    with pytest.raises(TookTooLongError, match="every customer"):
        await alerts.receive(*batches)
    assert (await alerts.parked(), await alerts.known(), alerts.applier.is_halving) == ({}, set(), False)
    alerts.seconds_per_event = {}
    await alerts.receive(*batches)
    assert await alerts.known() == {BIG, SMALL, OTHER}


async def test_60_only_a_few_other_customers_are_tried_before_a_batch_is_given_up(alerts: Alerts) -> None:
    many = [BIG, *(UUID(int=number, version=4) for number in range(100, 104 + MAX_WITNESSES))]
    alerts.seconds_per_event = dict.fromkeys(many, MUCH_LONGER_SECONDS)
    with pytest.raises(TookTooLongError, match="every customer"):
        await alerts.receive(records(TASKS, TaskScheduled, *many))
    halvings = len(many).bit_length() - 1
    assert len(alerts.said) == halvings + MAX_WITNESSES


@pytest.fixture
async def slow_link(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Proxy, Alerts]]:
    monkeypatch.setattr(batch_parts, "TOO_LONG_SECONDS", TOO_LONG)
    monkeypatch.setattr(applier, "PROBE_SECONDS", 0.4)
    async with proxy_to(*host_and_port(database.app)) as proxy:
        url = via_port(database.app, proxy.port)
        opened = await open_pool(url, size=3, application_name="tests", session=LIMITS)
        yield proxy, Alerts(opened)
        opened.terminate()


# With the first latency, small transactions fail. With the second, they are committed, but slowly.
@pytest.mark.parametrize(("latency_seconds", "subjects"), [(1.5, [BIG, SMALL, OTHER]), (0.2, [BIG])])
async def test_60_a_database_that_is_slow_for_everybody_parks_nobody(
    slow_link: tuple[Proxy, Alerts], latency_seconds: float, subjects: list[UUID]
) -> None:
    proxy, alerts = slow_link
    alerts.seconds_per_event = dict.fromkeys(subjects, MUCH_LONGER_SECONDS)
    batch = records(TASKS, TaskScheduled, *subjects)
    start = await alerts.applier.progress(TASKS)
    proxy.replies.latency_seconds = latency_seconds
    with pytest.raises(UNAVAILABLE):
        await alerts.applier.apply({TASKS: (start, Batch(batch, Progress(len(batch), OCCURRED_AT)))})
    proxy.heal()
    alerts.seconds_per_event = {}
    assert (await alerts.parked(), await alerts.known()) == ({}, set())
    await alerts.receive(batch)
    assert await alerts.known() == set(subjects)
