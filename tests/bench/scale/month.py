"""A simulated month of many customers: the tables that hold a state stay constant, and the logs grow evenly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

import uuid_utils.compat as uuid_utils
from rich.table import Table

from chassis.postgres.database import Connection
from chassis.runtime.clock import utc_now
from chassis.store.retention import maintain_partitions
from contracts.alerts import Backlog
from contracts.topics import PARTITIONS
from services.alerts.detection.detector import CONSUMER, FEEDS
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule_book import RuleBook
from services.alerts.shipped.rules import INACTIVITY
from tests.bench.harness.console import console
from tests.bench.harness.measuring import Bed, Figure, administrator
from tests.bench.harness.report import number
from tests.bench.scale.alert_service import AlertService
from tests.bench.scale.flow import DAY, Flow
from tests.bench.scale.timers import COMPLETE, Clock

DAYS, WEEK = 30, 7
# The hours at which the timers run. What happens on a day is received before the first one.
HOURS = (2, 6, 10, 16)
# What happened, which is kept for ever: its tables grow. Every other table holds a state.
LOGS = frozenset({"event", "fact", "alert", "alert_history", "idempotency_kept"})
REQUESTS = "idempotency of requests"
# A state may change by so much after the first week. A table of a few pages may have this many more.
CONSTANT, A_FEW_PAGES = 1.10, 128 * 1024
# A week's growth of a log against that of the week before, if the log grows by more than some pages.
EVEN, SOME_PAGES = 1.15, 1024 * 1024
SIZES = """
    SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
"""
NEXT_DAY = """
    CREATE TABLE IF NOT EXISTS idempotency_{day:%Y%m%d} PARTITION OF idempotency
        FOR VALUES FROM ('{day}') TO ('{next_day}')
"""
# The clock of the database does not move, so the keys of requests become a day older.
AGE = "UPDATE idempotency SET expires_on = expires_on - 1 WHERE expires_on < 'infinity'"
Sizes = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Growth:
    """The bytes of one table at the end of each day."""

    name: str
    by_day: tuple[int, ...]

    @property
    def is_log(self) -> bool:
        return self.name in LOGS

    @property
    def most(self) -> float:
        """Return the largest size after the first week, in sizes of the end of that week."""
        first = self.by_day[WEEK - 1]
        most = max(self.by_day[WEEK:])
        return most / first if most - first > A_FEW_PAGES else 1.0

    @property
    def evenness(self) -> float:
        """Return the growth of the last week, in growths of the week before."""
        weeks = [self.by_day[-1 - WEEK * back] for back in range(3)]
        before = weeks[1] - weeks[2]
        return (weeks[0] - weeks[1]) / before if before > SOME_PAGES else 1.0


async def measure(bed: Bed, customers: int) -> list[Figure]:
    async with bed.store("alerts") as (database, pool), administrator(database) as admin:
        # The last day ends in the past: a store refuses to append after an event of the future.
        clock = Clock(utc_now().replace(hour=1, minute=0, second=0, microsecond=0) - (DAYS + 1) * DAY)
        service = AlertService(pool, admin, clock)
        flow = Flow(service.feed, customers)
        await admin.execute(COMPLETE, CONSUMER, FEEDS, clock.now + timedelta(days=2 * DAYS), PARTITIONS - 1)
        await flow.begin()
        bed.say(f"month: {customers:,} customers are armed under {len(service.rules.book.rules)} rules")
        began_at, sizes = perf_counter(), list[Sizes]()
        for day in range(DAYS):
            events = await live(service, flow, day)
            await next_day(admin, service)
            sizes.append(await measured(admin))
            open_alerts = await pool.fetchval("SELECT count(*) FROM alert WHERE status <> 'resolved'")
            bed.say(
                f"month: day {day + 1}: {events:,} events, {open_alerts:,} alerts are open,"
                f" {sum(sizes[-1].values()) / 1e6:,.0f} MB, after {perf_counter() - began_at:.0f} s"
            )
        alerts = await pool.fetchval("SELECT count(*) FROM alert")
        bed.say(f"month: {alerts:,} alerts; {await service.store.head():,} events of alerts")
        compact = await compacted(admin)
    return figures(growths(sizes), compact)


async def live(service: AlertService, flow: Flow, day: int) -> int:
    """Let a day pass. Return how many events were received."""
    if day % WEEK == WEEK - 1:
        service.rules.book = published(service.rules.book, service.clock)
    events, midnight = await flow.take(day), service.clock.now.replace(hour=0)
    for hour in HOURS:
        service.clock.now = midnight + timedelta(hours=hour)
        await service.run()
    service.clock.now = midnight + DAY + timedelta(hours=1)
    return events


def published(book: RuleBook, clock: Clock) -> RuleBook:
    """Return the rules with a new version of one of them, so that everybody is evaluated again."""
    cause = Occurrence(clock.now, uuid_utils.uuid7())
    update = {"published": cause, "backlog": Backlog.RAISE}
    rules = [
        each.model_copy(update={**update, "version": each.version + 1}) if each.id == INACTIVITY.id else each
        for each in book.rules
    ]
    return RuleBook(rules=tuple(rules))


async def next_day(admin: Connection, service: AlertService) -> None:
    """Let the keys of requests grow older, delete expired ones as the service does, and clean as autovacuum does."""
    yesterday = utc_now().date() - DAY
    await admin.execute(NEXT_DAY.format(day=yesterday, next_day=yesterday + DAY))
    await admin.execute(AGE)
    await maintain_partitions(service.pool)
    await admin.execute("VACUUM ANALYZE")


async def measured(admin: Connection) -> Sizes:
    """Return the bytes of each table, with indexes and large values; the partitions of days together."""
    sizes: dict[str, int] = {}
    for name, size in await admin.fetch(SIZES):
        shown = REQUESTS if name.startswith("idempotency_") and name[-1].isdigit() else name
        sizes[shown] = sizes.get(shown, 0) + size
    return sizes


async def compacted(admin: Connection) -> Sizes:
    """Return the bytes of each table after it was written anew."""
    await admin.execute("VACUUM FULL")
    return await measured(admin)


def growths(sizes: list[Sizes]) -> list[Growth]:
    names = sorted(set().union(*sizes), key=lambda name: (name in LOGS, -sizes[-1].get(name, 0)))
    return [Growth(name, tuple(each.get(name, 0) for each in sizes)) for name in names]


def figures(found: Iterable[Growth], compact: Sizes) -> list[Figure]:
    """Print all tables. Return the worst of those that hold a state, the least even of the logs, and the dead space."""
    states = [each for each in found if not each.is_log]
    logs = [each for each in found if each.is_log]
    console.print(table([*states, *logs], compact))
    grown = max(each.most for each in states)
    least, most = min(each.evenness for each in logs), max(each.evenness for each in logs)
    state, floor = (sum(of.values()) for of in (last_of(states), {name: compact[name] for name in last_of(states)}))
    return [
        Figure("state after a week, most, of the first week's end", 100 * grown, "%", target=100 * CONSTANT),
        Figure("growth of logs in a week, of the week before", 100 * max(most, 1 / least), "%", target=100 * EVEN),
        Figure("state on the last day, against written anew", state / 1e6, "MB", floor / 1e6, floor / state),
    ]


def last_of(found: Iterable[Growth]) -> Sizes:
    return {each.name: each.by_day[-1] for each in found}


def table(found: Iterable[Growth], compact: Sizes) -> Table:
    """Show the tables of more than a few pages."""
    days = (1, 7, 14, 21, DAYS)
    made = Table("table, kB", *(f"day {day}" for day in days), "most / day 7", "week / week before", "written anew")
    for column in made.columns[1:]:
        column.justify = "right"
    for each in found:
        if each.by_day[-1] > A_FEW_PAGES:
            ratios = ("", f"{each.evenness:.2f}") if each.is_log else (f"{each.most:.3f}", "")
            sizes = (number(each.by_day[day - 1] / 1024) for day in days)
            made.add_row(each.name, *sizes, *ratios, number(compact.get(each.name, 0) / 1024))
    return made
