"""Timers of very many customers: a query without due timers, firing, and moving due times, against plain SQL."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from uuid import UUID

import uuid_utils.compat as uuid_utils

from chassis.consume.timers import Timers
from chassis.postgres.database import Pool, transaction
from chassis.runtime.clock import utc_now
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts import customer, followup
from contracts.alerts import AlertRaised
from contracts.event import Event
from contracts.examples import example
from contracts.topics import PARTITIONS
from services.alerts.detection.detector import CONSUMER, DUE_BATCH, FEEDS, Detector
from tests.bench.harness.event_data import envelope
from tests.bench.harness.measuring import Bed, Figure, administrator, cost, interleaved, rate
from tests.bench.pieces.fold import microseconds
from tests.bench.scale import floor as least_sql
from tests.support.rule_books import THREE_RULES
from tests.support.servers import Database
from tests.support.waiting import background

# A customer without a tier may be silent so long.
ALLOWED = timedelta(days=30)
HOUR = timedelta(hours=1)
FIRE_SECONDS = 120.0
# One customer in ten comes due in the first hour, one in the second; the others on later days.
DUE_SHARE = 10
COMPLETE = """
    INSERT INTO consumer_position (consumer, topic, partition, position, watermark)
    SELECT $1, topic, partition, 0, $3
    FROM unnest($2::text[]) AS t(topic), generate_series(0, $4::integer) AS p(partition)
"""
RAISED = "SELECT subject, count(*) AS times FROM event WHERE type = $1 GROUP BY subject"


@dataclass
class Clock:
    """The time, as the measurement wants it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


async def measure(bed: Bed, customers: int) -> list[Figure]:
    due = customers // DUE_SHARE
    ids = [uuid_utils.uuid7() for _ in range(customers)]
    first, second = ids[:due], ids[due : 2 * due]
    async with bed.store("alerts") as (database, pool):
        clock = Clock(utc_now())
        detector = Detector(EventStore(pool), pool, EventMapper(), THREE_RULES, clock)
        await prepare(bed, database, pool, detector, ids, clock.now)
        nothing = await looks_without_work(bed, detector, pool, clock.now)
        clock.now += HOUR
        fired = await handled_per_second(detector, due), await least_sql.moved_per_second(pool, clock.now, due)
        await each_raised_once(database, first)
        # Those of the second hour are heard of in time: they come due as they were, and are given a later time.
        told = await contacts_per_second(detector, pool, second), await least_sql.touched_per_second(pool, second)
        clock.now += HOUR
        moved = await handled_per_second(detector, due), await least_sql.moved_per_second(pool, clock.now, due)
        await each_raised_once(database, first)
    bed.say(f"timers: {customers} customers; {due} alerts raised, once each")
    return [
        nothing,
        rate(f"raise {due} alerts that are due", "timers/s", [fired[0]], [fired[1]]),
        Figure(f"raise {due} alerts that are due, in all", due / fired[0], "s"),
        rate("take in a contact, batches of 500", "customers/s", [told[0]], [told[1]]),
        rate("re-arm a timer that came due after a contact", "timers/s", [moved[0]], [moved[1]]),
    ]


async def prepare(
    bed: Bed, database: Database, pool: Pool, detector: Detector, ids: Sequence[UUID], now: datetime
) -> None:
    """Register everybody through the engine itself, and say that the feeds are complete for a day to come."""
    registered_at = partial(registration_at, now, len(ids) // DUE_SHARE, len(ids))
    await take_in(detector, pool, ids, registered_at, example(customer.Registered))
    async with administrator(database) as connection:
        await connection.execute(COMPLETE, CONSUMER, FEEDS, now + timedelta(days=1), PARTITIONS - 1)
        await least_sql.copy(connection)
    bed.say(f"timers: {len(ids)} customers have theirs")


def registration_at(now: datetime, due: int, total: int, number: int) -> datetime:
    """Return when the customer of this number was registered, so that their silence is too long when it should be."""
    if number < 2 * due:
        return now - ALLOWED + HOUR * (number + 0.5) / due
    return now - ALLOWED + timedelta(days=1) + (ALLOWED - timedelta(days=2)) * number / total


async def take_in(
    detector: Detector, pool: Pool, ids: Sequence[UUID], occurred_at: Callable[[int], datetime], event: Event
) -> None:
    """Let the engine take in one event of each customer, as its consumer would, in batches."""
    for first in range(0, len(ids), DUE_BATCH):
        own = [
            replace(envelope(event, ids[n], ids[n], 1, n + 1, n), occurred_at=occurred_at(n))
            for n in range(first, min(first + DUE_BATCH, len(ids)))
        ]
        async with transaction(pool) as held:
            await detector.evaluate(own, held)


async def looks_without_work(bed: Bed, detector: Detector, pool: Pool, now: datetime) -> Figure:
    seconds = bed.effort.seconds / 2
    ours, floor = await interleaved(
        bed.effort.rounds,
        partial(microseconds, detector.run_due, seconds),
        partial(microseconds, lambda: least_sql.look(pool, now), seconds),
    )
    return cost("look when nothing is due", "µs", ours, floor)


async def handled_per_second(detector: Detector, due: int) -> float:
    """Let the real timers run until they have handled what is due; raises AssertionError if that is not `due`."""
    handled, done = 0, asyncio.Event()

    async def run_due() -> int:
        nonlocal handled
        found = await detector.run_due()
        handled += found
        if handled >= due:
            done.set()
        return found

    started_at = perf_counter()
    async with background(Timers(run_due, health=Health("timers")).run), asyncio.timeout(FIRE_SECONDS):
        await done.wait()
        seconds = perf_counter() - started_at
    if handled != due or await detector.run_due():
        raise AssertionError(f"{handled} timers were handled, {due} were due")
    return handled / seconds


async def contacts_per_second(detector: Detector, pool: Pool, ids: Sequence[UUID]) -> float:
    now, started_at = utc_now(), perf_counter()
    await take_in(detector, pool, ids, lambda _number: now, example(followup.ContactLogged, automated=False))
    return len(ids) / (perf_counter() - started_at)


async def each_raised_once(database: Database, ids: Sequence[UUID]) -> None:
    kind = str(AlertRaised.model_fields["type"].default)
    async with administrator(database) as connection:
        times = {row["subject"]: row["times"] for row in await connection.fetch(RAISED, kind)}
    if times != dict.fromkeys(ids, 1):
        raise AssertionError(f"{sum(times.values())} alerts on {len(times)} customers; {len(ids)} should have one each")
