"""R49: load W at half of the capacity, with a random fault each minute; invariants hold, and memory does not grow.

Among the faults are steps of the database's clock, and a restore of the database from an older copy.
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from statistics import median

import httpx
import pytest

from services.alerts.detection import detector
from services.followup.projection import customers
from tests.faults.support import evidence, oracle
from tests.faults.support.customer_under_load import verdict
from tests.faults.support.deployment import Deployment, pool_at
from tests.faults.support.ledger import Ledger, Outcome
from tests.faults.support.load import Load, Mix, plan
from tests.faults.support.older_copy import restore_an_older_copy, take_a_copy
from tests.faults.support.soak_faults import CLOCK_STEPS, FAULTS, NEEDED, schedule
from tests.faults.support.soak_field import Field, field_of
from tests.support.servers import Database, Servers
from tests.support.waiting import background, eventually

DEFAULT_MINUTES = 20.0
MINUTES = float(os.environ.get("SOAK_MINUTES", DEFAULT_MINUTES))
SEED = int(os.environ.get("SOAK_SEED", "49"))
# A short run has its faults closer together, so that it has the needed ones.
EVERY_SECONDS = min(60.0, MINUTES * 60 / (NEEDED + 1))
CAPACITY_SECONDS = 10.0
SHARE = 0.5
MOST_PER_SECOND = 50.0
# A machine with much other load may acknowledge nothing while the capacity is measured.
LEAST_PER_SECOND = 1.0
CLIENTS = 4
# Relative to the first third. A new process still fills its caches, and the machine may have other load.
GROWTH = 0.20
# The consumers of customer events.
CONSUMERS = {"alerts": detector.CONSUMER, "followup": customers.CONSUMER}
RECEIVED_ALL = """
    SELECT count(*) = $3 AND min(watermark) >= $4 AND max(position) = $5
    FROM consumer_position WHERE consumer = $1 AND topic = $2
"""
CANARY = "公司 reg-"


async def capacity(load: Load) -> float:
    """Return the acknowledged commands per second of clients that send one after the other."""
    began, before = time.perf_counter(), load.ledger.count(Outcome.ACKED)
    async with background(load.run):
        await asyncio.sleep(CAPACITY_SECONDS)
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


async def break_something(of: Field, began: float) -> None:
    """Let the faults of the schedule happen, each when its time has come and the one before has ended."""
    for number, fault in enumerate(schedule(round(MINUTES * 60 / EVERY_SECONDS) - 1, SEED), 1):
        await asyncio.sleep(max(began + number * EVERY_SECONDS - time.perf_counter(), 0))
        of.faults.append(fault.__name__)
        await fault(of)


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
        load = under.use(client, ledger, Mix(clients=CLIENTS, commands=100_000))
        await load.register()
        per_second = min(max(SHARE * await capacity(load), LEAST_PER_SECOND), MOST_PER_SECOND)
        async with background(under.watch), asyncio.TaskGroup() as group:
            began = time.perf_counter()
            group.create_task(steadily(load, per_second, began + MINUTES * 60))
            group.create_task(break_something(under, began))
        tell(under, ledger, per_second)
        await verdict(deployment, database, ledger.attempts)
        await continues_the_copy(under)
        await reports_all(database, reading["reporting"])
        await nobody_is_parked(reading["reporting"])
        for name, consumer in CONSUMERS.items():
            await has_received_all(deployment, consumer, database, reading[name])
            await nobody_is_parked(reading[name])
    assert no_canary(deployment)
    assert growth([each.megabytes for each in under.samples]) < GROWTH
    assert growth([each.descriptors for each in under.samples]) < GROWTH


async def continues_the_copy(of: Field) -> None:
    """The store begins with the copy, the topic has only records of its new epoch, and the restore lost something."""
    async with pool_at(of.database.app) as pool:
        stored = await evidence.stored(pool)
        oracle.hold(oracle.copy_is_kept(of.copied, stored))
        epoch = str(await pool.fetchval("SELECT epoch FROM store_epoch"))
    assert await evidence.epochs(of.deployment.bootstrap, of.deployment.topic) == {epoch}
    recorded = {fact.metadata.correlation_id for fact in stored}
    for each in of.restored:
        again = recorded.intersection(each.lost)
        sys.stdout.write(f"R49: {len(again)} of {len(each.lost)} lost commands were recorded again\n")
        assert 0 < each.sent_again <= len(again) < len(each.lost)


async def reports_all(database: Database, reported: Database) -> None:
    """Wait until reporting's customers equal the fold of the store."""
    async with pool_at(database.app) as pool, pool_at(reported.app) as readers:
        expected = evidence.reported_customers(await evidence.stored(pool))

        async def is_so() -> bool:
            rows = await evidence.customer_list(readers)
            return not oracle.same_rows("reporting", expected, rows)

        await eventually(is_so)


async def has_received_all(deployment: Deployment, consumer: str, database: Database, reader: Database) -> None:
    """Wait until a consumer has received all stored events."""
    async with pool_at(database.app) as pool, pool_at(reader.app) as readers:
        last = (await evidence.stored(pool))[-1]

        async def is_so() -> bool:
            return bool(
                await readers.fetchval(
                    RECEIVED_ALL,
                    consumer,
                    deployment.topic.name,
                    deployment.topic.partitions,
                    last.recorded_at,
                    last.position,
                )
            )

        await eventually(is_so)


async def nobody_is_parked(reader: Database) -> None:
    async with pool_at(reader.app) as readers:
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
    for each in of.restored:
        sys.stdout.write(
            f"R49: a restore lost {len(each.lost)} commands and took {each.seconds:.0f} s; {each.sent_again} were sent"
            " again\n"
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


@pytest.mark.parametrize("slots", [NEEDED, 19])
def test_r49_each_schedule_has_a_restore_after_a_copy_and_all_clock_steps(slots: int) -> None:
    for seed in range(100):
        planned = schedule(slots, seed)
        assert len(planned) == slots
        assert planned.index(take_a_copy) < planned.index(restore_an_older_copy)
        assert set(CLOCK_STEPS) <= set(planned) <= {*FAULTS, *CLOCK_STEPS, take_a_copy, restore_an_older_copy}
