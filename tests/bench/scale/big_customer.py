"""One customer with very many open items, each with an open alert: how long the events of all others take beside it.

The floor is the same batches, with the same events of a customer with one open item. An event of the customer shares
its batch, and so its transaction, with the events of others, as in a consumer that gets them together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle, islice
from random import Random
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from rich.table import Table

from chassis.postgres.database import Pool
from chassis.runtime.clock import utc_now
from chassis.service import collect_less_often
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts import customer, followup
from contracts.event import Envelope, Event
from contracts.examples import example
from contracts.topics import PARTITIONS
from services.alerts.detection.detector import CONSUMER, FEEDS, Detector
from services.alerts.detection.pending_timer import PendingTimer
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.bench.harness.console import console
from tests.bench.harness.measuring import Bed, Figure, administrator, percentile
from tests.bench.harness.report import number
from tests.bench.scale.alert_feed import AlertFeed
from tests.bench.scale.timers import COMPLETE, HOUR, Clock

OTHERS, BATCH, OPENED_AT_ONCE = 2_000, 20, 250
# Each round has so many batches of each of the customers, in turns.
ROUNDS, BATCHES = 5, 210
SEED = 7
# The p99 of the others may be so many percent of what it is beside a customer with one open item.
TARGET = 120.0
OF_OTHERS: tuple[Event, ...] = (
    example(followup.ContactLogged, automated=False),
    example(customer.OrderPlaced),
    example(customer.ProfileChanged, industry="软件"),
    example(customer.QuoteIssued),
)
OPEN = "SELECT count(*) FROM silence_item WHERE has_open AND customer_id = $1"
# The milliseconds of the batches with each event of the customer.
Times = Mapping[str, list[float]]


@dataclass
class Watched:
    """The customer whose events share the batches of others, and its duplicate, with one open item itself."""

    feed: AlertFeed
    items: int
    customer_id: UUID = field(default_factory=uuid_utils.uuid7)
    duplicate_id: UUID = field(default_factory=uuid_utils.uuid7)
    tasks: list[UUID] = field(default_factory=list)
    turn: int = 0

    async def begin(self) -> None:
        for each in (self.customer_id, self.duplicate_id):
            await self.feed.take(registration(self.feed, each))
        await self.feed.take([self.task(self.duplicate_id)])
        for first in range(0, self.items, OPENED_AT_ONCE):
            count = min(OPENED_AT_ONCE, self.items - first)
            await self.feed.take([self.item(first + place) for place in range(count)])

    def item(self, place: int) -> Envelope[Any]:
        """Return a new item that is overdue: a task or a complaint, in turns."""
        if place % 2 == 0:
            return self.scheduled()
        return self.feed.new(example(followup.ComplaintRaised), self.customer_id, None, self.feed.clock.now - 90 * HOUR)

    def task(self, owner_id: UUID) -> Envelope[Any]:
        return self.feed.new(example(followup.TaskScheduled, due_at=self.feed.clock.now - HOUR), owner_id)

    def scheduled(self) -> Envelope[Any]:
        told = self.task(self.customer_id)
        self.tasks.append(told.stream_id)
        return told

    def done(self) -> Envelope[Any]:
        told = example(followup.TaskCompleted, due_at=self.feed.clock.now - HOUR)
        return self.feed.new(told, self.customer_id, self.tasks.pop(0))

    def own(self, event: Event) -> Envelope[Any]:
        return self.feed.new(event, self.customer_id, self.customer_id)

    def handed_over(self) -> Envelope[Any]:
        self.turn += 1
        return self.own(customer.OwnerAssigned(owner_id=f"E{self.turn % 2}", leader_id="L1"))

    def ranked(self) -> Envelope[Any]:
        self.turn += 1
        return self.own(example(customer.TierChanged, scheme="default", tier=("vip", "growth")[self.turn // 2 % 2]))

    def merged(self) -> Envelope[Any]:
        told = customer.Merged(into_customer_id=self.customer_id)
        return self.feed.new(told, self.duplicate_id, self.duplicate_id)

    def unmerged(self) -> Envelope[Any]:
        told = customer.Unmerged(from_customer_id=self.customer_id)
        return self.feed.new(told, self.duplicate_id, self.duplicate_id)

    def steps(self) -> Iterable[tuple[str, Callable[[], Envelope[Any]]]]:
        """Return what happens, in turns; as many items are open after each turn."""
        return cycle(
            (
                ("a contact", lambda: self.own(example(followup.ContactLogged, automated=False))),
                ("a task is done", self.done),
                ("a task is scheduled", self.scheduled),
                ("another owner", self.handed_over),
                ("another tier", self.ranked),
                ("a duplicate is merged into it", self.merged),
                ("that merge is undone", self.unmerged),
            )
        )


def registration(feed: AlertFeed, own: UUID) -> list[Envelope[Any]]:
    ranked = example(customer.TierChanged, scheme="default")
    told = example(customer.Registered), example(customer.OwnerAssigned), ranked
    return [feed.new(each, own, own) for each in told]


class Others:
    """The other customers. Each batch has events of different ones."""

    def __init__(self, feed: AlertFeed) -> None:
        self._feed, self._dice = feed, Random(SEED)  # noqa: S311 - not for secrets
        self._ids = [uuid_utils.uuid7() for _ in range(OTHERS)]

    async def begin(self) -> None:
        for first in range(0, OTHERS, OPENED_AT_ONCE):
            own = self._ids[first : first + OPENED_AT_ONCE]
            await self._feed.take([each for one in own for each in registration(self._feed, one)])

    def batch(self, count: int) -> list[Envelope[Any]]:
        return [self._feed.new(self._dice.choice(OF_OTHERS), each) for each in self._dice.sample(self._ids, count)]


async def measure(bed: Bed, items: int) -> list[Figure]:
    collect_less_often()
    async with bed.store("alerts") as (database, pool):
        clock = Clock(utc_now())
        detector = Detector(EventStore(pool), pool, EventMapper(), DEFAULT_RULES, clock)
        feed = AlertFeed(pool, detector, clock)
        others, small, big = Others(feed), Watched(feed, 1), Watched(feed, items)
        for each in (others, small, big):
            await each.begin()
        async with administrator(database) as admin:
            await admin.execute(COMPLETE, CONSUMER, FEEDS, clock.now + timedelta(days=90), PARTITIONS - 1)
            await raised(detector, pool, big)
            await admin.execute("VACUUM ANALYZE")
        bed.say(f"big: {await pool.fetchval(OPEN, big.customer_id):,} items of one customer have an open alert")
        rounds = [await one_round(feed, others, small, big) for _ in range(ROUNDS)]
        moved = [await carried(pool, feed, others, each) for each in (small, big)]
    console.print(table([(beside_small, beside_big) for _, beside_small, beside_big in rounds]))
    return figures(rounds, items, *moved)


async def raised(detector: Detector, pool: Pool, big: Watched) -> None:
    while await detector.run_due():
        pass
    if await pool.fetchval(OPEN, big.customer_id) != big.items:
        raise AssertionError("not every item has an open alert")


async def one_round(feed: AlertFeed, others: Others, small: Watched, big: Watched) -> tuple[list[float], Times, Times]:
    """Return the milliseconds of batches of the others alone, beside the one customer, and beside the other."""
    alone, found = list[float](), (defaultdict[str, list[float]](list), defaultdict[str, list[float]](list))
    for (name, of_small), (_, of_big) in islice(zip(small.steps(), big.steps(), strict=True), BATCHES):
        alone.append(1_000 * await feed.take(others.batch(BATCH)))
        for times, step in zip(found, (of_small, of_big), strict=True):
            times[name].append(1_000 * await feed.take([*others.batch(BATCH - 1), step()]))
        # So each task that is done has an open alert.
        while await feed.detector.run_due():
            pass
    return alone, *found


async def carried(pool: Pool, feed: AlertFeed, others: Others, watched: Watched) -> tuple[float, float]:
    """Return the seconds of the batch in which the customer is merged into another one, and those of all its events."""
    other_id = uuid_utils.uuid7()
    await feed.take(registration(feed, other_id))
    told = feed.new(customer.Merged(into_customer_id=other_id), watched.customer_id, watched.customer_id)
    seconds, timer = await feed.take([*others.batch(BATCH - 1), told]), PendingTimer(pool, feed.detector)
    began_at = perf_counter()
    while await timer.run_due():
        pass
    return seconds, seconds + perf_counter() - began_at


def together(times: Times) -> list[float]:
    return [each for own in times.values() for each in own]


def p99(times: Iterable[float]) -> float:
    return percentile(list(times), 0.99)


def figures(
    rounds: list[tuple[list[float], Times, Times]], items: int, small: tuple[float, float], big: tuple[float, float]
) -> list[Figure]:
    """Return the p99 of each kind, the ratio of the rounds, and the seconds that a merge of the customer takes."""
    alone = median(p99(each) for each, _, _ in rounds)
    beside = [(p99(together(one)), p99(together(many))) for _, one, many in rounds]
    ratio = median(many / one for one, many in beside)
    name = f"others' p99 beside {items:,} open items"
    return [
        Figure("others' p99, alone", alone, "ms"),
        Figure("others' p99 beside one open item", median(one for one, _ in beside), "ms"),
        Figure(name, median(many for _, many in beside), "ms"),
        Figure(f"{name}, of that beside one", 100 * ratio, "%", target=TARGET),
        Figure("merge it into another customer, one open item", small[0], "s"),
        Figure(f"merge it into another customer, {items:,} open items", big[0], "s"),
        Figure(f"merge it into another customer, {items:,} open items, all events", big[1], "s"),
    ]


def table(rounds: list[tuple[Times, Times]]) -> Table:
    """Show how long a batch takes by what it has of the customer."""
    made = Table("a batch of the others with", "one open item, ms", "very many, ms", "ratio")
    for column in made.columns[1:]:
        column.justify = "right"
    for name in rounds[0][0]:
        one, many = (median(each for times in rounds for each in times[place][name]) for place in (0, 1))
        made.add_row(name, number(one), number(many), f"{many / one:.2f}")
    return made
