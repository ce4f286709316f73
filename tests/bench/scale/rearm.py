"""Very many customers under all default rules: idle, with many due at once, and armed again after a publication."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter, process_time

import uuid_utils.compat as uuid_utils

from chassis.consume.timers import Timers
from chassis.postgres.database import Connection, transaction
from chassis.runtime.clock import utc_now
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts import customer
from contracts.alerts import Backlog
from contracts.customer import Mode
from contracts.examples import example
from contracts.topics import PARTITIONS
from services.alerts.detection.detector import CONSUMER, FEEDS, Detector
from services.alerts.detection.sweep import Sweep
from services.alerts.detection.sweep_state import in_force, swept_to
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule_book import InForce, RuleBook
from services.alerts.engine.shapes import Silence
from services.alerts.shipped.rules import DEFAULT_RULES, INACTIVITY, NO_OWNER
from tests.bench.harness.measuring import Bed, Figure, administrator
from tests.bench.scale.timers import COMPLETE, HOUR, Clock, handled_per_second, take_in
from tests.support.waiting import background

DUE = 10_000
# All default rules but the one with the shortest time, so that a publication can bring every due time forward.
RULES = RuleBook(rules=tuple(each for each in DEFAULT_RULES.rules if each.id != NO_OWNER.id))
# The targets of the design: a share of a core, and seconds.
IDLE_TARGET, DUE_TARGET, REARM_TARGET = 0.01, 5.0, 60.0
# Every customer is due earlier than under the default rules, so every row is written.
SHORTER = Silence(signals=("human-contact",), days={mode: {"others": 1} for mode in Mode})


class Published:
    """A source of rules that changes at once."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book

    async def current(self, held: Connection) -> InForce:
        return await in_force(held, self.book, await swept_to(held, self.book))

    async def evaluating(self, held: Connection) -> InForce:
        return await self.current(held)

    async def last_read(self, _held: Connection) -> RuleBook:
        return self.book


async def measure(bed: Bed, customers: int, idle_minutes: float) -> list[Figure]:
    async with bed.store("alerts") as (database, pool):
        clock, rules = Clock(utc_now()), Published(RULES)
        detector = Detector(EventStore(pool), pool, EventMapper(), rules, clock)
        sweep = Sweep(pool, detector, rules, clock)
        ids = [uuid_utils.uuid7() for _ in range(customers)]
        await take_in(detector, pool, ids, partial(registered_at, clock), example(customer.Registered))
        async with administrator(database) as owner:
            await owner.execute(COMPLETE, CONSUMER, FEEDS, clock.now + timedelta(days=90), PARTITIONS - 1)
            await owner.execute("VACUUM ANALYZE silence")
        await swept(sweep)
        bed.say(f"rearm: {customers} customers are armed under {len(RULES.rules)} rules")
        idle = await idle_share(detector, idle_minutes)
        rules.book = changed(clock)
        rearmed, processor = await swept(sweep)
        async with transaction(pool) as held:
            due_at = await held.fetchval("SELECT next_due_at FROM silence ORDER BY next_due_at OFFSET $1 LIMIT 1", DUE)
            due = await held.fetchval("SELECT count(*) FROM silence WHERE next_due_at <= $1", due_at)
        clock.now = due_at
        raised = due / await handled_per_second(detector, due)
    name = f"{customers:,}"
    return [
        Figure(f"idle with {name} armed, share of a core", idle, "", target=IDLE_TARGET),
        Figure(f"raise {due:,} that are due at once", raised, "s", target=DUE_TARGET),
        Figure(f"re-arm {name}", rearmed, "s", target=REARM_TARGET),
        Figure(f"re-arm {name}, processor time of the service", processor, "s"),
    ]


def registered_at(clock: Clock, number: int) -> datetime:
    """Return when the customer of this number was registered, so that DUE of them are due within some minutes."""
    return clock.now - HOUR + HOUR * number / DUE / 100


def changed(clock: Clock) -> RuleBook:
    """Return the default rules with another threshold for silence."""
    published = Occurrence(clock.now, uuid_utils.uuid7())
    update = {"condition": SHORTER, "version": 2, "published": published, "backlog": Backlog.RAISE}
    rules = [each.model_copy(update=update) if each.id == INACTIVITY.id else each for each in RULES.rules]
    return RuleBook(rules=tuple(rules))


async def swept(sweep: Sweep) -> tuple[float, float]:
    """Sweep all customers. Return the seconds, and those of the processor in this process."""
    began_at, used = perf_counter(), process_time()
    while await sweep.run_due():
        pass
    return perf_counter() - began_at, process_time() - used


async def idle_share(detector: Detector, minutes: float) -> float:
    """Return the share of a core that the timers use while nothing is due."""
    began_at, used = perf_counter(), process_time()
    async with background(Timers(detector.run_due, health=Health("timers")).run):
        await asyncio.sleep(60 * minutes)
    return (process_time() - used) / (perf_counter() - began_at)
