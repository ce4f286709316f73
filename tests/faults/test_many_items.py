"""60: one customer has as many open items as are allowed. More are refused; no transaction grows with their number."""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.commands.command import Context
from chassis.commands.item_limit import TOO_MANY, TooManyItemsError
from chassis.consume.applier import Applier, Batch
from chassis.consume.batch_parts import TOO_LONG_SECONDS
from chassis.consume.delivery import Delivery
from chassis.consume.isolation import Handler
from chassis.consume.local_feed import LocalFeed
from chassis.consume.positions import Progress, Source
from chassis.postgres.database import Connection, Pool, open_pool, transaction
from chassis.runtime.settings import Settings
from chassis.runtime.supervisor import Health, Supervisor
from chassis.service import ServiceContext
from chassis.store.append import Answer, Append
from chassis.store.vault import VaultEntry
from contracts.customer import CustomerErased, Merged, OrderDelivered, OwnerAssigned, Registered
from contracts.event import Envelope, Event
from contracts.examples import OWNER, example, example_envelope
from contracts.followup import TaskScheduled
from contracts.topics import CUSTOMER_EVENTS
from services.followup import limits, projection, workers
from services.followup.__main__ import PROJECTION, dependencies
from services.followup.commands import Cancel, Schedule
from services.followup.plans import memory, runner
from services.followup.projection import customers
from services.followup.shipped.plan_templates import SHIPPED
from tests.support.servers import Servers
from tests.support.waiting import background, eventually, lasting

NOW = datetime.now(UTC).replace(microsecond=0)
DUE_AT = NOW + timedelta(days=1)
BIG, DUPLICATE, SMALL = (UUID(int=number, version=4) for number in (1, 2, 3))
NEXT_OWNER, LAST_OWNER = "E2", "E3"
FACTS = Source(CUSTOMER_EVENTS.name, 0)
# The limit of a transaction, with the reserve that a slow machine needs.
MAX_SECONDS = TOO_LONG_SECONDS - 0.5
EVENTS_PER_APPEND = 1_000
SHOWN = "SELECT max(position) FROM consumer_position WHERE consumer = $1"
ASSIGNEES = "SELECT assignee_id, count(*) FROM task WHERE customer_id = ANY($1) GROUP BY 1"
REASSIGNED = "SELECT count(*) FROM event WHERE type = 'care.followup.task-reassigned.v1'"
STATES = "SELECT state, count(*) FROM task WHERE customer_id = $1 GROUP BY 1"
ENDED = "SELECT count(*) FROM event WHERE type = 'care.followup.plan-ended.v1' AND subject = $1"
VAULT = "SELECT count(*) FROM vault WHERE subject = $1"
ANSWERS = "SELECT count(*) FROM event WHERE type = 'care.followup.words-erased.v1' AND subject = $1"
MANY = [200, pytest.param(limits.MAX_OPEN_TASKS, marks=pytest.mark.nightly)]


class Followup:
    """The followup service's consumers, command handlers and timers on a database of its own."""

    def __init__(self, pool: Pool) -> None:
        settings = Settings.model_validate(
            {"database_url": "unused", "issuer": "https://issuer.test", "jwks_url": "x", "pseudonym_key": "k" * 32}
        )
        context = ServiceContext(settings, pool, Supervisor(), None)  # type: ignore[arg-type]
        self.pool = pool
        self.needs = dependencies(context)
        (self.of_customers, *_), _ = workers.assemble(context, self.needs)
        self.reassignment = workers.reassignment(self.needs)
        self.plans = workers.plan_runner(self.needs, settings.business_zone)
        self.position = 0

    async def receive(self, *events: Envelope[Any]) -> float:
        """Apply one batch of the customer topic to the read model and to the reactions. Return the seconds it took."""
        async with transaction(self.pool) as held:
            await customers.apply(events, held)
        start = await self.of_customers.progress(FACTS)
        deliveries = []
        for envelope in events:
            self.position += 1
            deliveries.append(Delivery(FACTS, self.position, self.position - 1, envelope.subject, {}, None, envelope))
        began_at = time.monotonic()
        await self.of_customers.apply({FACTS: (start, Batch(deliveries, Progress(self.position, NOW)))})
        assert await self.of_customers.parked_events.summary(self.pool) == []
        return time.monotonic() - began_at

    async def load(self, customer_id: UUID, count: int, event: Event) -> None:
        """Append an event to each of `count` new streams, with an entry in the vault."""
        for first in range(0, count, EVENTS_PER_APPEND):
            numbers = range(first, min(count, first + EVENTS_PER_APPEND))
            new = [example_envelope(event, id=uuid4(), subject=customer_id, stream_id=uuid4()) for _ in numbers]
            vault = [VaultEntry(uuid4(), customer_id, "content", "谈了续签") for _ in numbers]
            stored = [self.needs.mapper.to_new_event(each) for each in new]
            await self.needs.store.append(Append(str(uuid4()), Answer(b"", 201, b'{"version": 1}'), stored, vault))

    async def schedule(self, customer_id: UUID, key: str = "") -> UUID:
        task_id, command = uuid4(), Schedule(assignee_id=OWNER, due_at=DUE_AT)
        await self.needs.tasks.handle(task_id, command, context(key), subject=customer_id)
        return task_id

    async def show_all(self, handler: Handler = projection.apply) -> None:
        """Apply the service's own events to its lists."""
        applier = Applier(PROJECTION, self.pool, handler)
        feed = LocalFeed(self.needs.store, self.needs.mapper, applier, health=Health(PROJECTION))

        async def level() -> bool:
            position = await self.pool.fetchval(
                "SELECT max(position) FROM consumer_position WHERE consumer = $1", PROJECTION
            )
            return bool(position == await self.needs.store.head())

        async with background(lasting(feed.run)):
            await eventually(level)

    async def counts(self, query: str, *arguments: object) -> dict[str, int]:
        await self.show_all()
        return {str(name): int(count) for name, count in await self.pool.fetch(query, *arguments)}

    async def publish(self, template: str) -> None:
        version = SHIPPED[template].model_copy(update={"number": 1})
        async with transaction(self.pool) as held:
            await memory.publish(held, version, NOW)


@pytest.fixture
async def pool(running: Servers) -> AsyncIterator[Pool]:
    opened = await open_pool((await running.database("followup")).app, size=10, application_name="tests")
    yield opened
    await opened.close()


def context(key: str = "") -> Context:
    return Context(key or str(uuid4()), OWNER, "req-1", NOW)


def facts(customer_id: UUID, *events: Event) -> list[Envelope[Any]]:
    return [
        example_envelope(each, id=uuid4(), subject=customer_id, stream_id=customer_id, occurred_at=NOW, recorded_at=NOW)
        for each in events
    ]


def beginning(*customer_ids: UUID) -> list[Envelope[Any]]:
    events = example(Registered), OwnerAssigned(owner_id=OWNER)
    return [envelope for each in customer_ids for envelope in facts(each, *events)]


def passed(customer_id: UUID, old: str, new: str) -> list[Envelope[Any]]:
    return facts(customer_id, OwnerAssigned(previous_owner_id=old, owner_id=new))


@pytest.mark.parametrize("count", MANY)
async def test_60_an_open_task_above_the_limit_is_refused_for_this_customer_only(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(limits, "OPEN_TASKS", replace(limits.OPEN_TASKS, limit=count))
    followup = Followup(pool)
    await followup.load(BIG, count - 1, example(TaskScheduled))
    last = await followup.schedule(BIG, "the last one")
    for _ in range(2):
        with pytest.raises(TooManyItemsError) as refused:
            await followup.schedule(BIG)
        assert (refused.value.code, str(count) in refused.value.en, str(count) in refused.value.zh) == (
            TOO_MANY,
            True,
            True,
        )
        await followup.schedule(SMALL)
        # The first time they are counted by their events, the second time by their rows.
        await followup.show_all()
    await followup.needs.tasks.handle(last, Cancel(), context(), subject=BIG)
    await followup.show_all()
    await followup.schedule(BIG)


async def test_60_a_retry_at_the_limit_returns_the_first_response(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OPEN_TASKS", replace(limits.OPEN_TASKS, limit=1))
    task_id, command = uuid4(), Schedule(assignee_id=OWNER, due_at=DUE_AT)
    handled = [
        await Followup(pool).needs.tasks.handle(task_id, command, context("again"), subject=BIG) for _ in range(2)
    ]
    assert [(each.status, each.body) for each in handled] == [(201, handled[0].body)] * 2


async def test_60_items_that_the_list_has_parked_count(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_envelopes: Sequence[Envelope[Any]], _held: Connection) -> None:
        raise ValueError

    monkeypatch.setattr(limits, "OPEN_TASKS", replace(limits.OPEN_TASKS, limit=2))
    followup = Followup(pool)
    for _ in range(2):
        await followup.schedule(BIG)
    await followup.show_all(fail)
    with pytest.raises(TooManyItemsError):
        await followup.schedule(BIG)


@pytest.mark.parametrize("count", MANY)
async def test_60_open_work_passes_to_the_next_owner_in_parts_and_another_customer_does_not_wait(
    pool: Pool, count: int
) -> None:
    followup = Followup(pool)
    await followup.receive(*beginning(BIG, DUPLICATE, SMALL), *facts(DUPLICATE, Merged(into_customer_id=BIG)))
    for customer_id, some in ((BIG, count // 2), (DUPLICATE, count // 2), (SMALL, 1)):
        await followup.load(customer_id, some, example(TaskScheduled, assignee_id=OWNER))
    changes = [*passed(BIG, OWNER, NEXT_OWNER), *passed(SMALL, OWNER, NEXT_OWNER)]
    assert await followup.receive(*changes) < MAX_SECONDS
    await followup.reassignment.run_due()
    assert await followup.counts(ASSIGNEES, [SMALL]) == {NEXT_OWNER: 1}
    assert (await followup.counts(ASSIGNEES, [BIG, DUPLICATE]))[OWNER] > 0
    # The next change waits until the first one is finished.
    await followup.receive(*passed(BIG, NEXT_OWNER, LAST_OWNER))
    while await followup.reassignment.run_due():
        pass
    assert await followup.counts(ASSIGNEES, [BIG, DUPLICATE]) == {LAST_OWNER: count}
    assert await pool.fetchval(REASSIGNED) == 2 * count + 1


@pytest.mark.parametrize("count", MANY)
async def test_60_the_words_of_many_items_are_erased_in_one_transaction(pool: Pool, count: int) -> None:
    followup = Followup(pool)
    await followup.receive(*beginning(BIG, SMALL))
    await followup.load(BIG, count, example(TaskScheduled))
    await followup.load(SMALL, 1, example(TaskScheduled))
    assert await followup.receive(*facts(BIG, example(CustomerErased)), *passed(SMALL, OWNER, NEXT_OWNER)) < MAX_SECONDS
    assert [await pool.fetchval(VAULT, each) for each in (BIG, SMALL)] == [0, 1]
    assert await pool.fetchval(ANSWERS, BIG) == 1


@pytest.mark.parametrize(
    ("count", "at_once"),
    [(12, 8), pytest.param(1_000, runner.CHANGES_AT_ONCE, marks=pytest.mark.nightly)],
)
async def test_60_all_plans_of_a_customer_end_in_parts_and_another_customer_does_not_wait(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, count: int, at_once: int
) -> None:
    monkeypatch.setattr(runner, "CHANGES_AT_ONCE", at_once)
    followup = Followup(pool)
    await followup.publish("after-delivery")
    await followup.receive(*beginning(BIG, SMALL))
    for first in range(0, count, 50):
        some = min(50, count - first)
        await followup.receive(*(each for _ in range(some) for each in facts(BIG, OrderDelivered())))
    await followup.receive(*facts(SMALL, OrderDelivered()))
    steps = len(SHIPPED["after-delivery"].steps)
    erased = [envelope for each in (BIG, SMALL) for envelope in facts(each, example(CustomerErased))]
    assert await followup.receive(*erased) < MAX_SECONDS
    assert await followup.counts(STATES, SMALL) == {"cancelled": steps}
    assert 0 < (await followup.counts(STATES, BIG))["open"] < count * steps
    while await followup.plans.run_due():
        pass
    assert await followup.counts(STATES, BIG) == {"cancelled": count * steps}
    assert await pool.fetchval(ENDED, BIG) == count
