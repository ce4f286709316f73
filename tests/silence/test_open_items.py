"""60: the cost of an event or a timer does not grow with the number of open tasks and complaints of the customer."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from chassis.postgres.database import Pool, open_pool, transaction
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.alerts import AlertCarriedAway, AlertCarriedIn, AlertRaised, AlertReaddressed
from contracts.customer import (
    ContractSigned,
    Merged,
    OwnerAssigned,
    QuoteRequested,
    Registered,
    TierChanged,
    Unmerged,
)
from contracts.event import Envelope, Event
from contracts.examples import OCCURRED_AT, example, example_envelope
from contracts.followup import ComplaintRaised, ComplaintTargetSet, ContactLogged, TaskCompleted, TaskScheduled
from services.alerts.detection import appending, memory
from services.alerts.detection.detector import CONSUMER, FEEDS, Detector
from services.alerts.detection.evaluation import EMPTY, raise_due, receive
from services.alerts.detection.packing import packed, unpacked
from services.alerts.engine import episodes
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.facts import Facts
from services.alerts.engine.findings import Finding, find
from services.alerts.engine.items import divide, unite
from services.alerts.engine.rule_book import RuleBook
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.support.rule_books import THREE_RULES
from tests.support.servers import Database, Servers

CUSTOMER, DUPLICATE = UUID(int=1, version=4), UUID(int=2, version=4)
FEW, MANY, BATCH = 100, 2_000, 1_000
LATER = OCCURRED_AT + timedelta(days=1_000)
AFTER_ALL = LATER + timedelta(days=365)
COMPLETE = """
    INSERT INTO consumer_position
    SELECT $1, topic, n, 0, $3 FROM unnest($2::text[]) AS topic, generate_series(0, 5) AS n
"""
# The silence of the customer itself, and the item of the event.
FINDINGS_PER_EVENT = 2
# The rest of the customer's state and the item of the event, both read and written.
# Of the complaints that are counted, some are kept, packed.
FULL_RING = 16 * 32
STATES_PER_EVENT = 4
# The row of the duplicate, read and written. Its facts are with the survivor.
STATES_OF_DUPLICATE = 2


def fact(event: Event, stream: UUID | None = None, *, subject: UUID = CUSTOMER) -> Envelope[Any]:
    return example_envelope(event, id=uuid4(), subject=subject, stream_id=stream or subject)


def task(number: int) -> Envelope[Any]:
    return fact(example(TaskScheduled, due_at=LATER + timedelta(minutes=number)), UUID(int=10**6 + number, version=4))


def complaint(number: int) -> list[Envelope[Any]]:
    stream = UUID(int=10**7 + number, version=4)
    return [
        fact(example(ComplaintRaised), stream),
        fact(example(ComplaintTargetSet, answer_by=LATER + timedelta(minutes=number)), stream),
    ]


def opened(count: int) -> list[Envelope[Any]]:
    """Return the events of a customer with as many open items, half of them complaints."""
    tasks = [task(number) for number in range(count // 2)]
    complaints = [each for number in range(count // 2) for each in complaint(number)]
    return [fact(example(Registered)), *tasks, *complaints]


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """The findings that are computed during the test."""
    computed: list[Finding] = []

    def find_and_count(facts: Facts, rules: RuleBook, *others: Any) -> Iterator[Finding]:
        for finding in find(facts, rules, *others):
            computed.append(finding)
            yield finding

    monkeypatch.setattr(episodes, "find", find_and_count)
    return computed


@pytest.mark.parametrize("count", [1_000, 2_000, 10_000])
def test_60_a_batch_of_one_customer_computes_a_constant_number_of_findings_for_each_event(
    findings: list[Finding], count: int
) -> None:
    facts = opened(count)
    known, _ = receive(CUSTOMER, EMPTY, facts, THREE_RULES, OCCURRED_AT)
    assert len(known.state.facts.tasks) + len(known.state.facts.complaints) == count
    assert len(findings) <= FINDINGS_PER_EVENT * len(facts)


def test_60_dividing_a_state_and_uniting_its_parts_changes_nothing() -> None:
    known, _ = receive(CUSTOMER, EMPTY, opened(FEW), THREE_RULES, OCCURRED_AT)
    known, raised = raise_due(CUSTOMER, known, THREE_RULES, AFTER_ALL, AFTER_ALL)
    state = CustomerState(Facts(absorbed={DUPLICATE: known.state.facts}), known.state.open)
    for each in (known.state, state):
        divided = divide(each)
        assert len(divided.items) == FEW
        assert unite(divided.rest, divided.items) == each
    assert len(raised) == FEW + 1
    assert len(divide(known.state).rest.open) == 1


@dataclass
class CountedState:
    """Counts the states that are read from the database and written to it, and their bytes."""

    states: int = 0
    size_bytes: int = 0

    def unpacked(self, stored: bytes) -> CustomerState:
        self._count(len(stored))
        return unpacked(stored)

    def packed(self, state: CustomerState) -> bytes:
        stored = packed(state)
        self._count(len(stored))
        return stored

    def _count(self, size_bytes: int) -> None:
        self.states += 1
        self.size_bytes += size_bytes


class Live:
    """The alerts service without its process. `now` is the time of its clock."""

    def __init__(self, pool: Pool, rules: RuleBook) -> None:
        self.pool = pool
        self.now = OCCURRED_AT
        self.detector = Detector(EventStore(pool), pool, EventMapper(), rules, lambda: self.now)

    async def receive(self, *facts: Envelope[Any]) -> None:
        for first in range(0, len(facts), BATCH):
            async with transaction(self.pool) as held:
                await self.detector.evaluate(facts[first : first + BATCH], held)

    async def cost_of(self, *facts: Envelope[Any]) -> CountedState:
        with counted_state() as counted:
            await self.receive(*facts)
        return counted

    async def cost_of_timers(self) -> tuple[int, CountedState]:
        """Evaluate what is due; return also how many alerts were raised."""
        before = await EventStore(self.pool).head()
        with counted_state() as counted:
            await self.detector.run_due()
        return await EventStore(self.pool).head() - before, counted

    async def raise_all(self, now: datetime = AFTER_ALL) -> None:
        """Raise what is due by then. All events have been received."""
        async with transaction(self.pool) as held:
            await held.execute(f"{COMPLETE} ON CONFLICT DO NOTHING", CONSUMER, FEEDS, AFTER_ALL)
        self.now = now
        while await self.detector.run_due():
            pass

    async def told(self) -> list[Envelope[Any]]:
        """Return all events of the service."""
        return [EventMapper().to_envelope(row) for row in await EventStore(self.pool).read_all(after=0)]

    async def facts_of(self, customer_id: UUID) -> Facts:
        async with transaction(self.pool) as held:
            return (await memory.load_whole(held, [customer_id]))[customer_id].state.facts


@contextmanager
def counted_state() -> Iterator[CountedState]:
    counted = CountedState()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "packed", counted.packed)
        patch.setattr(memory, "unpacked", counted.unpacked)
        yield counted


@pytest.fixture
async def alerts(running: Servers) -> AsyncIterator[Database]:
    async with running.passing("alerts") as made:
        yield made


@pytest.fixture
async def live(alerts: Database) -> AsyncIterator[Live]:
    pool = await open_pool(alerts.app, size=2, application_name="tests")
    yield Live(pool, THREE_RULES)
    await pool.close()


@pytest.fixture
async def under_all_rules(alerts: Database) -> AsyncIterator[Live]:
    pool = await open_pool(alerts.app, size=2, application_name="tests")
    yield Live(pool, DEFAULT_RULES)
    await pool.close()


async def test_60_a_batch_reads_and_writes_only_the_items_of_its_events(live: Live) -> None:
    costs, called = [], example(ContactLogged, automated=False)
    for first, last in ((0, FEW // 2), (FEW // 2 + 1, MANY // 2)):
        tasks = [task(number) for number in range(first, last)]
        complaints = [each for number in range(first, last) for each in complaint(number)]
        await live.receive(fact(example(Registered)), fact(called), *tasks, *complaints)
        done = fact(example(TaskCompleted, due_at=tasks[0].event.due_at), tasks[0].stream_id)
        costs.append([await live.cost_of(each) for each in (task(last), *complaint(last), done, fact(called))])
    for few, many in zip(*costs, strict=True):
        assert many.states == few.states <= STATES_PER_EVENT
        assert many.size_bytes < few.size_bytes + FULL_RING


async def test_60_an_event_of_a_duplicate_reads_and_writes_only_the_items_that_it_concerns(live: Live) -> None:
    called = fact(example(ContactLogged, automated=False), subject=DUPLICATE)
    theirs = fact(example(TaskScheduled, due_at=LATER), UUID(int=9, version=4), subject=DUPLICATE)
    done = fact(example(TaskCompleted, due_at=LATER), theirs.stream_id, subject=DUPLICATE)
    await live.receive(fact(example(Registered)), fact(example(Registered), subject=DUPLICATE))
    await live.receive(fact(Merged(into_customer_id=CUSTOMER), subject=DUPLICATE))
    costs = []
    for first, last in ((0, FEW // 2), (FEW // 2 + 1, MANY // 2)):
        await live.receive(*(task(number) for number in range(first, last)))
        costs.append([await live.cost_of(each) for each in (theirs, called, task(last), done)])
    for few, many in zip(*costs, strict=True):
        assert many.states == few.states <= STATES_PER_EVENT + STATES_OF_DUPLICATE
        assert many.size_bytes < few.size_bytes + FULL_RING
    assert (await live.facts_of(CUSTOMER)).absorbed[DUPLICATE].tasks == {}
    assert len((await live.facts_of(CUSTOMER)).tasks) == MANY // 2 + 1


async def test_60_a_timer_reads_and_writes_only_the_items_that_are_due(live: Live) -> None:
    await live.receive(*opened(MANY))
    async with transaction(live.pool) as held:
        await held.execute(COMPLETE, CONSUMER, FEEDS, AFTER_ALL)
    live.now = LATER - timedelta(days=1)
    assert (await live.cost_of_timers())[0] == 1
    live.now = LATER + timedelta(minutes=4)
    raised, cost = await live.cost_of_timers()
    assert raised == 10
    assert cost.states == 2 * (raised + 1)
    live.now = LATER + timedelta(minutes=5)
    raised, cost = await live.cost_of_timers()
    assert (raised, cost.states) == (2, 6)


async def test_60_items_follow_their_customer_through_a_merge_and_back(live: Live) -> None:
    theirs = fact(example(TaskScheduled, due_at=LATER), UUID(int=9, version=4), subject=DUPLICATE)
    done = fact(example(TaskCompleted, due_at=LATER), theirs.stream_id, subject=DUPLICATE)
    kept = fact(example(TaskScheduled, due_at=LATER), UUID(int=10, version=4), subject=DUPLICATE)
    await live.receive(*opened(FEW), fact(example(Registered), subject=DUPLICATE), theirs)
    before = await live.facts_of(CUSTOMER)
    await live.receive(fact(Merged(into_customer_id=CUSTOMER), subject=DUPLICATE))
    merged = await live.facts_of(CUSTOMER)
    assert structs.replace(merged, absorbed={}) == before
    assert [each.concerns_id for each in merged.absorbed[DUPLICATE].tasks.values()] == [theirs.stream_id]
    await live.receive(done, kept)
    await live.receive(fact(Unmerged(from_customer_id=CUSTOMER), subject=DUPLICATE))
    assert await live.facts_of(CUSTOMER) == before
    assert [each.concerns_id for each in (await live.facts_of(DUPLICATE)).tasks.values()] == [kept.stream_id]


async def test_60_a_change_of_the_customer_reads_only_the_items_that_it_concerns(under_all_rules: Live) -> None:
    """Each task is assigned to somebody, so no alert about it follows the owner. No task follows the tier."""
    theirs = fact(example(TaskScheduled, due_at=LATER), UUID(int=9, version=4), subject=DUPLICATE)
    await under_all_rules.receive(fact(example(Registered), subject=DUPLICATE), theirs)
    costs = []
    for turn, (first, last) in enumerate(((0, FEW), (FEW, MANY))):
        await under_all_rules.receive(fact(example(Registered)), *(task(number) for number in range(first, last)))
        await under_all_rules.raise_all()
        owner, tier = f"E{turn}", ("vip", "growth")[turn]
        changes = [
            fact(OwnerAssigned(owner_id=owner)),
            fact(example(TierChanged, scheme="default", tier=tier)),
            fact(Merged(into_customer_id=CUSTOMER), subject=DUPLICATE),
            fact(Unmerged(from_customer_id=CUSTOMER), subject=DUPLICATE),
        ]
        costs.append([(await under_all_rules.cost_of(each)).states for each in changes])
    few, many = costs
    assert few == many
    assert max(many) <= STATES_PER_EVENT + 2 * STATES_OF_DUPLICATE


async def test_60_the_alerts_that_nobody_has_to_act_on_follow_the_owner(under_all_rules: Live) -> None:
    """A contract is nobody's task: its alert is addressed to the owner. The tasks have assignees."""
    contract = fact(example(ContractSigned, ends_on=OCCURRED_AT.date() + timedelta(days=30)), uuid4())
    await under_all_rules.receive(fact(example(Registered)), fact(OwnerAssigned(owner_id="E1")), contract, task(1))
    await under_all_rules.raise_all()
    await under_all_rules.receive(fact(OwnerAssigned(owner_id="E2")))
    moved = [each.event for each in await under_all_rules.told() if isinstance(each.event, AlertReaddressed)]
    assert {(each.owner_id, each.concerns_id) for each in moved if each.concerns_id} == {("E2", contract.stream_id)}


async def test_60_a_quote_becomes_due_by_the_new_tier(under_all_rules: Live) -> None:
    """A quote of a customer without a tier is due after 72 hours, and of a VIP after 24."""
    quote = fact(example(QuoteRequested), uuid4())
    await under_all_rules.receive(fact(example(Registered)), quote)
    await under_all_rules.receive(fact(example(TierChanged, scheme="default", tier="vip")))
    await under_all_rules.raise_all(OCCURRED_AT + timedelta(hours=25))
    raised = [each.event.rule_id for each in await under_all_rules.told() if isinstance(each.event, AlertRaised)]
    assert "slow-quote" in raised


async def test_60_the_alerts_of_a_customer_are_carried_in_parts(
    under_all_rules: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "APPENDED_AT_ONCE", 3)
    await under_all_rules.receive(fact(example(Registered)), fact(example(Registered), subject=DUPLICATE))
    await under_all_rules.receive(*(task(number) for number in range(10)))
    await under_all_rules.raise_all()
    await under_all_rules.receive(fact(Merged(into_customer_id=DUPLICATE)))
    told = [each.event for each in await under_all_rules.told()]
    tasks = {each.alert_id for each in told if isinstance(each, AlertRaised) and each.concerns_id}
    assert len(tasks) == 10
    for kind in (AlertCarriedAway, AlertCarriedIn):
        assert {each.alert_id for each in told if isinstance(each, kind)} >= tasks
