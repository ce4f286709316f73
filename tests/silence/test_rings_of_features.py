"""The rings of features in the memory: those that a sweep fills from the fact log equal those of a rebuild (P6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final
from uuid import UUID, uuid4

import pytest

from chassis.postgres.database import Connection, transaction
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.alerts import Backlog
from contracts.customer import Merged, Unmerged
from services.alerts.detection import feature_rings
from services.alerts.detection.derivation import Derivation
from services.alerts.detection.packing import unpacked
from services.alerts.detection.sweep import Sweep
from services.alerts.detection.sweep_state import in_force, swept_to
from services.alerts.engine.facts import Facts as FactsOf
from services.alerts.engine.feature_rings import has_all
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import InForce, RuleBook
from services.alerts.engine.shapes import Count
from services.alerts.shipped.rules import DEFAULT_RULES, MORE_COMPLAINTS
from tests.silence.conftest import Databases
from tests.silence.delivery import Delivered
from tests.silence.histories import CUSTOMER, FEEDS, START, Facts, stored
from tests.silence.test_derivation import stored as tables
from tests.silence.test_detection import Live
from tests.silence.test_every_rule import DAYS, fact, life, steps
from tests.support.customer_life import day

LIVES: Final = 6
END: Final = day(DAYS + 100)
# Expressions of every signal; some fail on some events.
COUNTS: Final = [
    Count(signal="complaint", times=2, days=60, counts="severity == 'critical'"),
    Count(signal="complaint", times=1, days=90, counts="severity == 'high' ? 1/0 == 1 : channel != ''"),
    Count(signal="human-contact", times=3, days=60, counts="channel == 'phone' && !automated"),
    Count(signal="touch", times=2, days=60, counts="purpose != '' || outcome == ''"),
    Count(signal="order", times=1, days=200, counts="amount_minor * amount_minor > 100"),
    Count(signal="order", times=1, days=200, counts="amount_minor * 9000000000000000 > 100"),
    Count(signal="key-contact-change", times=2, days=90, counts="event == 'key-contact-removed'"),
    Count(signal="quote-compared", times=1, days=90, counts="competitor != ''"),
    Count(signal="competitor-cheaper", times=1, days=90, counts="competitor != 'nobody'"),
]


@dataclass
class Changing:
    """Rules that a test changes; the sweeps under them are those of the database."""

    book: RuleBook

    async def current(self, held: Connection) -> InForce:
        return await in_force(held, self.book, await swept_to(held, self.book))

    async def evaluating(self, held: Connection) -> InForce:
        return await self.current(held)

    async def last_read(self, _held: Connection) -> RuleBook:
        return self.book


def book_of(counts: Sequence[Count], shadow: Sequence[Count] = (), at: datetime = START) -> RuleBook:
    """Return the shipped rules and these counts. No two books are the same: each retires another rule."""

    def rule(number: int, count: Count) -> Rule:
        changed = {"id": f"counts-{number}", "condition": count, "backlog": Backlog.RAISE}
        return MORE_COMPLAINTS.model_copy(update={**changed, "published": Occurrence(at, UUID(int=number))})

    return RuleBook(
        rules=(*DEFAULT_RULES.rules, *(rule(number, each) for number, each in enumerate(counts))),
        shadow=tuple(rule(number, each) for number, each in enumerate(shadow, len(counts))),
        retired={"another": Occurrence(at, uuid4())},
    )


def with_merges(random: Random, facts: Facts) -> Facts:
    """Return the facts with merges of the customers into the first one, and their undoing."""
    first, *others = sorted({each.subject for each in facts[CUSTOMER]})
    merges = []
    for each in others:
        times = sorted(random.uniform(1, 500) for _ in range(random.choice((0, 1, 2, 3))))
        for number, at in enumerate(times):
            event = Unmerged(from_customer_id=first) if number % 2 else Merged(into_customer_id=first)
            merges.append(fact(event, each, each, at, at))
    return {**facts, CUSTOMER: stored([*facts[CUSTOMER], *merges])}


async def known(databases: Databases) -> dict[UUID, FactsOf]:
    """Return the facts of each customer. Those of items are left out: the lives share the ids of items."""
    return {key: unpacked(each).facts for key, each in (await tables(databases.app)).items() if isinstance(key, UUID)}


async def derived(databases: Databases, rules: Changing) -> dict[UUID, FactsOf]:
    async with transaction(databases.owner) as held:
        await Derivation(EventMapper(), rules).derive_all(held)
    return await known(databases)


async def compare(databases: Databases, rules: Changing) -> None:
    maintained = await known(databases)
    assert maintained == await derived(databases, rules)
    names = rules.book.features.names
    assert all(has_all(each, names) for each in maintained.values())


async def sweep_all(databases: Databases, live: Live, rules: Changing, now: datetime) -> None:
    sweep = Sweep(databases.app, live.detector, rules, lambda: now)
    # A sweep waits while customers are due.
    while await live.detector.run_due() or await sweep.run_due():
        pass


@pytest.mark.parametrize("seed", range(LIVES))
async def test_what_a_sweep_fills_is_what_a_rebuild_makes(databases: Databases, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - not for secrets
    facts = with_merges(random, life(random))
    rules = Changing(book_of(random.sample(COUNTS, 2)))
    live = Live(databases.app, rules)
    for step in steps(random, facts):
        await live.take(facts, step)
        if not isinstance(step, Delivered) or random.random() < 0.6:
            continue
        chosen = random.sample(COUNTS, random.randint(0, 5))
        rules.book = book_of(chosen[1:], chosen[:1], step.now)
        if random.random() < 0.7:
            await sweep_all(databases, live, rules, step.now)
            await compare(databases, rules)
    await sweep_all(databases, live, rules, END)
    await compare(databases, rules)


async def test_the_first_touch_after_a_publication_fills_what_a_sweep_has_not_reached(databases: Databases) -> None:
    """And what no rule counts any more is gone with it."""
    random = Random(1)  # noqa: S311 - not for secrets
    facts, rules = life(random), Changing(book_of(COUNTS[:1]))
    live = Live(databases.app, rules)
    *before, last = [each for each in steps(random, facts) if isinstance(each, Delivered) and each.feed == CUSTOMER]
    for feed in FEEDS:
        count = len(facts[feed]) if feed != CUSTOMER else before[-1].last
        await live.take(facts, Delivered(last.now, feed, 0, count))
    rules.book = book_of(COUNTS[4:6])
    await live.take(facts, last)
    touched = {each.subject for each in facts[CUSTOMER][last.first : last.last]}
    maintained, whole = await known(databases), await derived(databases, rules)
    assert touched
    for customer_id in touched:
        assert maintained[customer_id] == whole[customer_id]
        assert maintained[customer_id].features == rules.book.features.names


async def test_a_book_without_expressions_reads_no_facts(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the fact log was read")

    monkeypatch.setattr(feature_rings, "past_of", refuse)
    random = Random(2)  # noqa: S311 - not for secrets
    facts, rules = life(random), Changing(DEFAULT_RULES)
    live = Live(databases.app, rules)
    for step in steps(random, facts):
        await live.take(facts, step)
    await sweep_all(databases, live, rules, END)
    assert await EventStore(databases.app).head() > 0
