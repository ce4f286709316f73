"""R49: load W at half of the capacity, with a random fault each minute; invariants hold, and memory does not grow."""

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

import httpx
import pytest

from deploy.stack.ports import HOST
from services.alerts.detection import detector
from services.followup.projection import customers
from tests.bench.harness.measuring import percentile
from tests.bench.harness.processes import resident_megabytes_of
from tests.faults.support import evidence, oracle
from tests.faults.support.customer_under_load import verdict
from tests.faults.support.deployment import (
    Deployment,
    Process,
    as_admin,
    host_and_port,
    keep_running_process,
    pool_at,
    via_port,
)
from tests.faults.support.ledger import Ledger, Outcome, Reply
from tests.faults.support.load import Load, Mix, Order, Send, plan, sender
from tests.faults.support.proxy import Proxy, proxy_to, proxy_to_kafka
from tests.support.servers import Database, Servers
from tests.support.waiting import background, eventually

DEFAULT_MINUTES = 20.0
MINUTES = float(os.environ.get("SOAK_MINUTES", DEFAULT_MINUTES))
EVERY_SECONDS = 60.0
SAMPLE_SECONDS = 10.0
PROBE_SECONDS = 10.0
SHARE = 0.5
MOST_PER_SECOND = 50.0
CLIENTS = 4
# Relative to the first third. A new process still fills its caches, and the machine may have other load.
GROWTH = 0.20
DICE = random.Random(49)  # noqa: S311 - repeatable, not secret
# The consumers of customer events.
CONSUMERS = {"alerts": detector.CONSUMER, "followup": customers.CONSUMER}
RECEIVED_ALL = """
    SELECT count(*) = $3 AND min(watermark) >= $4 FROM consumer_position WHERE consumer = $1 AND topic = $2
"""
CANARY = "公司 reg-"
TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename LIKE 'care_%'
"""


@dataclass
class Sample:
    """The memory of the process that is never killed, and the recent command durations."""

    megabytes: float
    descriptors: int
    p50: float
    p99: float


@dataclass
class Field:
    """Two processes of the customer service and one of each other service, behind proxies."""

    steady: Process
    victim: Process
    readers: Sequence[Process]
    database: Database
    to_database: Proxy
    to_kafka: Proxy
    took: list[float] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def victims(self) -> Sequence[Process]:
        return self.victim, *self.readers

    def next_up(self) -> str:
        return DICE.choice((self.steady, self.victim)).url

    def timing(self, send: Send) -> Send:
        async def send_and_note(order: Order) -> Reply:
            began = time.perf_counter()
            reply = await send(order)
            if reply.outcome is Outcome.ACKED:
                self.took.append(time.perf_counter() - began)
            return reply

        return send_and_note

    def sample(self) -> None:
        assert self.steady.child.process is not None
        process = Path("/proc") / str(self.steady.child.process.pid)
        took, self.took = self.took or [SAMPLE_SECONDS], []
        descriptors = len(list((process / "fd").iterdir()))
        self.samples.append(
            Sample(resident_megabytes_of(process), descriptors, percentile(took, 0.5), percentile(took, 0.99))
        )


async def kill_a_process(of: Field) -> None:
    await DICE.choice(of.victims).kill()


async def freeze_a_process(of: Field) -> None:
    chosen = DICE.choice(of.victims)
    chosen.freeze()
    await asyncio.sleep(DICE.uniform(1, 15))
    chosen.thaw()


async def terminate_backends(of: Field) -> None:
    await as_admin(of.database, TERMINATE)


async def take_the_database_away(of: Field) -> None:
    """Meanwhile the process is live but not ready (I9)."""
    await of.to_database.down()
    async with httpx.AsyncClient(trust_env=False, timeout=PROBE_SECONDS) as client:
        await eventually(lambda: answers(client, f"{of.steady.url}/readyz", httpx.codes.SERVICE_UNAVAILABLE))
        assert await answers(client, f"{of.steady.url}/livez", httpx.codes.OK)
    await asyncio.sleep(DICE.uniform(1, 8))
    await of.to_database.up()


async def take_kafka_away(of: Field) -> None:
    await of.to_kafka.down()
    await asyncio.sleep(DICE.uniform(1, 15))
    await of.to_kafka.up()


async def swallow(of: Field) -> None:
    of.to_database.freeze()
    await asyncio.sleep(DICE.uniform(1, 4))
    of.to_database.heal()
    of.to_database.reset()


async def slow_down(of: Field) -> None:
    of.to_database.replies.latency_seconds = 0.05
    await asyncio.sleep(10)
    of.to_database.heal()


FAULTS: Sequence[Callable[[Field], Awaitable[None]]] = (
    kill_a_process,
    freeze_a_process,
    terminate_backends,
    take_the_database_away,
    take_kafka_away,
    swallow,
    slow_down,
)


async def answers(client: httpx.AsyncClient, url: str, status: int) -> bool:
    return (await client.get(url)).status_code == status


@asynccontextmanager
async def field_of(deployment: Deployment, database: Database, reading: Mapping[str, Database]) -> AsyncIterator[Field]:
    async with proxy_to(*host_and_port(database.app)) as to_database, proxy_to_kafka(deployment.bootstrap) as to_kafka:
        url, bootstrap = via_port(database.app, to_database.port), f"{HOST}:{to_kafka.port}"
        steady, victim = [await deployment.start("customer", "all", url, bootstrap=bootstrap) for _ in range(2)]
        readers = [await deployment.start(name, "all", of.app, bootstrap=bootstrap) for name, of in reading.items()]
        made = Field(steady, victim, readers, database, to_database, to_kafka)
        async with background(*(partial(keep_running_process, each, database) for each in made.victims)):
            yield made


async def capacity(load: Load) -> float:
    """Return the acknowledged commands per second of clients that send one after the other."""
    began, before = time.perf_counter(), load.ledger.count(Outcome.ACKED)
    async with background(load.run):
        await asyncio.sleep(PROBE_SECONDS)
    return (load.ledger.count(Outcome.ACKED) - before) / (time.perf_counter() - began)


async def steadily(load: Load, per_second: float, until: float) -> None:
    """Send orders at a fixed rate until the time is over."""
    orders = iter(plan(Mix(seed=8, commands=1_000_000), load.customers))

    async def client() -> None:
        due_at = time.perf_counter()
        while (due_at := due_at + CLIENTS / per_second) < until:
            if (early := due_at - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            order = next(orders)
            await load.until_known(order)
            if order.again:
                await load.until_known(order)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


async def break_something(of: Field) -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        fault = DICE.choice(FAULTS)
        of.faults.append(fault.__name__)
        await fault(of)


async def watch(of: Field) -> None:
    while True:
        await asyncio.sleep(SAMPLE_SECONDS)
        of.sample()


def growth(values: Sequence[float]) -> float:
    """Return the growth of the median from the first to the last third, as a share of the first."""
    third = len(values) // 3
    return median(values[-third:]) / median(values[:third]) - 1


@pytest.mark.nightly
async def test_r49_over_a_long_time_with_faults_nothing_is_lost_or_duplicated_and_memory_does_not_grow(
    deployment: Deployment, running: Servers, database: Database, ledger: Ledger
) -> None:
    reading = {name: await running.database(name) for name in ("reporting", *CONSUMERS)}
    async with (
        field_of(deployment, database, reading) as under,
        httpx.AsyncClient(headers=deployment.issuer.headers(), trust_env=False) as client,
    ):
        load = Load(under.timing(sender(client, under.next_up)), ledger, Mix(clients=CLIENTS, commands=100_000))
        await load.register()
        per_second = min(SHARE * await capacity(load), MOST_PER_SECOND)
        async with background(lambda: break_something(under), lambda: watch(under)):
            await steadily(load, per_second, time.perf_counter() + MINUTES * 60)
        # Processes that were stopped or cut off in the last minute recover.
        for each in under.victims:
            each.thaw()
        under.to_database.heal()
        await under.to_database.restart()
        await under.to_kafka.restart()
        await verdict(deployment, database, ledger.attempts)
        await reports_all(database, reading["reporting"])
        for name, consumer in CONSUMERS.items():
            await has_received_all(deployment, consumer, database, reading[name])
    tell(under, ledger, per_second)
    assert no_canary(deployment)
    assert growth([each.megabytes for each in under.samples]) < GROWTH
    assert growth([each.descriptors for each in under.samples]) < GROWTH


async def reports_all(database: Database, reported: Database) -> None:
    """Wait until reporting's customers equal the fold of the store."""
    async with pool_at(database.app) as pool, pool_at(reported.app) as readers:
        expected = evidence.reported_customers(await evidence.stored(pool))

        async def is_so() -> bool:
            rows = await evidence.customer_list(readers)
            return not oracle.same_rows("reporting", expected, rows)

        await eventually(is_so)


async def has_received_all(deployment: Deployment, consumer: str, database: Database, reader: Database) -> None:
    """Wait until a consumer has received all stored events and has no parked customer."""
    async with pool_at(database.app) as pool, pool_at(reader.app) as readers:
        until = (await evidence.stored(pool))[-1].recorded_at

        async def is_so() -> bool:
            return bool(
                await readers.fetchval(
                    RECEIVED_ALL, consumer, deployment.topic.name, deployment.topic.partitions, until
                )
            )

        await eventually(is_so, within=120)
        assert await readers.fetchval("SELECT count(*) FROM parked_event") == 0


def tell(of: Field, ledger: Ledger, per_second: float) -> None:
    series: dict[str, list[float]] = {
        "MB": [each.megabytes for each in of.samples],
        "descriptors": [float(each.descriptors) for each in of.samples],
        "p50 ms": [each.p50 * 1000 for each in of.samples],
        "p99 ms": [each.p99 * 1000 for each in of.samples],
    }
    counts = {outcome.value: ledger.count(outcome) for outcome in Outcome}
    sys.stdout.write(
        f"R49: {MINUTES:g} min, {per_second:.0f} commands/s, {counts}, {len(of.faults)} faults: {of.faults}\n"
    )
    for name, values in series.items():
        third = len(values) // 3
        sys.stdout.write(
            f"R49: {name}: {median(values[:third]):.1f} in the first third, {median(values[-third:]):.1f} in the last,"
            f" {max(values):.1f} at most\n"
        )


def no_canary(deployment: Deployment) -> bool:
    """Return whether no log contains a company's name (I7)."""
    return not [log for log in deployment.folder.glob("*.log") if CANARY in log.read_text(errors="replace")]


def test_r49_a_leak_is_detected() -> None:
    assert growth([100.0 + minute for minute in range(60)]) > GROWTH
    assert growth([100.0 + minute % 5 for minute in range(60)]) < GROWTH
