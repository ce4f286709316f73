"""From the 2xx of a command to its row in reporting, and to the cleared alert on the topic, under a steady load."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer

from chassis.kafka.cloudevents import read
from contracts.alerts import AlertCleared, AlertRaised
from contracts.cloudevents import type_of
from contracts.topics import ALERT_EVENTS
from tests.bench.harness.measuring import Figure, percentile
from tests.bench.stack.whole import COMMANDS_PER_SECOND, Asked, Whole, log_contacts, register
from tests.support.waiting import eventually

SILENT_SHARE = 4
SILENT_FOR = timedelta(days=400)
LOOK_SECONDS = 0.002
SETTLE_SECONDS = 120.0
# The first commands after an idle time meet cold caches and connections. They have figures of their own.
WARM_UP_SECONDS = 2.0
# p50 and p99 in milliseconds, on a quiet machine.
Targets = tuple[float | None, float | None]
ROW_TARGETS, ALERT_TARGETS, NONE = (25.0, 80.0), (34.0, 90.0), (None, None)
KNOWN = "SELECT count(*) = cardinality($1::uuid[]) FROM customer_ref WHERE customer_id = ANY($1)"
NO_RUNG_DUE = "SELECT NOT EXISTS (SELECT FROM alert_ladder WHERE next_rung_at <= now())"
APPLIED = "SELECT sum(position) FROM consumer_position"
ARRIVED = "SELECT contact_id FROM contact WHERE contact_id = ANY($1)"


@dataclass
class Watch:
    """When each thing was seen. Rows are looked for every LOOK_SECONDS, so they are seen that much late at most."""

    asked: list[Asked] = field(default_factory=list)
    sought: dict[UUID, float] = field(default_factory=dict)
    new: list[UUID] = field(default_factory=list)
    row_at: dict[UUID, float] = field(default_factory=dict)
    raised: set[str] = field(default_factory=set)
    cleared_at: dict[str, float] = field(default_factory=dict)

    def note(self, asked: Asked) -> None:
        self.asked.append(asked)
        self.sought[UUID(asked.contact_id)] = asked.answered_at
        self.new.append(UUID(asked.contact_id))


async def measure(whole: Whole) -> list[Figure]:
    seconds = whole.effort.load_seconds
    count = round((WARM_UP_SECONDS + seconds) * COMMANDS_PER_SECOND)
    long_ago = (datetime.now(UTC) - SILENT_FOR).isoformat()
    async with watching(whole) as watch:
        silent = await register(whole, count // SILENT_SHARE, occurred_at=long_ago)
        lively = await register(whole, count // SILENT_SHARE)
        await known_to_followup(whole, [*silent, *lively])
        await eventually(lambda: holds(watch.raised >= set(silent)), within=SETTLE_SECONDS)
        await rungs_reached(whole)
        started_at = perf_counter()
        await log_contacts(whole, in_turn(silent, lively), WARM_UP_SECONDS + seconds, watch.note)
        reached = count / (perf_counter() - started_at)
        await eventually(
            lambda: holds(not watch.sought and watch.cleared_at.keys() >= set(silent)), within=SETTLE_SECONDS
        )
    whole.say(
        f"latency: {count} commands, {len(silent)} of which clear an alert; {reached:.0f} of {COMMANDS_PER_SECOND}/s"
        f" were reached, less means a machine too busy to tell; rows are looked for every {LOOK_SECONDS * 1000:.0f} ms"
    )
    warm_at = started_at + WARM_UP_SECONDS
    warm = [each for each in watch.asked if each.sent_at >= warm_at]
    first = [each for each in watch.asked if each.sent_at < warm_at]
    return [*figures(watch, warm, "", ROW_TARGETS, ALERT_TARGETS), *figures(watch, first, ", warm-up", NONE, NONE)]


def figures(watch: Watch, asked: Sequence[Asked], part: str, row: Targets, alert: Targets) -> list[Figure]:
    """Return the latencies of these commands. A silent customer has one command, which clears its alert."""
    answers = [each.answered_at - each.sent_at for each in asked]
    rows = [watch.row_at[UUID(each.contact_id)] - each.answered_at for each in asked]
    cleared = [(watch.cleared_at[each.customer_id], each) for each in asked if each.customer_id in watch.cleared_at]
    return [
        *percentiles(f"command latency{part}", answers, NONE),
        *percentiles(f"row latency{part}", rows, row),
        *percentiles(f"alert latency{part}", [max(0.0, at - each.answered_at) for at, each in cleared], alert),
    ]


def in_turn(silent: Sequence[str], lively: Sequence[str]) -> list[str]:
    """Let one of SILENT_SHARE commands meet a silent customer, each of them once."""
    others = SILENT_SHARE - 1
    found: list[str] = []
    for number, customer_id in enumerate(silent):
        found += [customer_id, *(lively[(number * others + n) % len(lively)] for n in range(others))]
    return found


def percentiles(name: str, seconds: Sequence[float], targets: Targets) -> list[Figure]:
    return [
        Figure(f"{name} p50", percentile(seconds, 0.50) * 1000, "ms", target=targets[0]),
        Figure(f"{name} p99", percentile(seconds, 0.99) * 1000, "ms", target=targets[1]),
    ]


async def holds(condition: bool) -> bool:
    return condition


async def known_to_followup(whole: Whole, customers: Sequence[str]) -> None:
    """Wait until the followup service has heard of all these customers."""
    ids = [UUID(customer) for customer in customers]
    await eventually_in(whole.environment["CARE_FOLLOWUP_DATABASE_URL"], KNOWN, ids)


async def rungs_reached(whole: Whole) -> None:
    """Wait until all escalations that are due are done: in work time, each alert has one when it is raised."""
    await eventually_in(whole.environment["CARE_ALERTS_DATABASE_URL"], NO_RUNG_DUE)


async def eventually_in(url: str, query: str, *arguments: object) -> None:
    """Wait until a query returns true."""
    connection = await asyncpg.connect(url)

    async def is_true() -> bool:
        return bool(await connection.fetchval(query, *arguments))

    try:
        await eventually(is_true, within=SETTLE_SECONDS)
    finally:
        await connection.close()


@asynccontextmanager
async def watching(whole: Whole) -> AsyncIterator[Watch]:
    consumer = AIOKafkaConsumer(ALERT_EVENTS.name, bootstrap_servers=whole.environment["CARE_KAFKA_BOOTSTRAP"])
    url = whole.environment["CARE_REPORTING_DATABASE_URL"]
    # The table is empty when the query is planned; to look through all of it each time would burden what is measured.
    database = await asyncpg.connect(url, server_settings={"enable_seqscan": "off", "jit": "off"})
    await consumer.start()
    watch = Watch()
    tasks = [asyncio.create_task(hear(consumer, watch)), asyncio.create_task(look(database, watch))]
    try:
        yield watch
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await consumer.stop()
        await database.close()


async def hear(consumer: AIOKafkaConsumer, watch: Watch) -> None:
    raised, cleared = type_of(AlertRaised), type_of(AlertCleared)
    async for record in consumer:
        kind, subject = read(record.headers, record.value).type, (record.key or b"").decode()
        if kind == raised:
            watch.raised.add(subject)
        elif kind == cleared:
            watch.cleared_at[subject] = perf_counter()


async def look(database: "asyncpg.Connection[asyncpg.Record]", watch: Watch) -> None:
    """Look for all rows when a batch has been applied, else for those just asked for: looking has its price."""
    applied = None
    while True:
        before, applied = applied, await database.fetchval(APPLIED)
        wanted = list(watch.sought) if applied != before else watch.new
        watch.new = []
        for row in await database.fetch(ARRIVED, wanted) if wanted else ():
            watch.row_at[row["contact_id"]] = perf_counter()
            del watch.sought[row["contact_id"]]
        await asyncio.sleep(LOOK_SECONDS)
