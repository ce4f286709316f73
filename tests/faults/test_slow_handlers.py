"""R32: a handler blocks its process's loop, or is slower than its group allows: it is noticed, and replaced."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from chassis.postgres.database import Pool
from chassis.store.event_store import EventStore
from tests.faults.support.facts import commit
from tests.faults.support.house import House, Process
from tests.faults.support.readers import caught_up, read_model_holds, relay_of
from tests.faults.support.slowness import BEGAN, DAWDLE_SECONDS, ENDED, MAX_POLL_MS, SLEEP_SECONDS
from tests.support.servers import Database
from tests.support.waiting import background, eventually

pytestmark = pytest.mark.nightly
LIMIT_SECONDS = 90.0
# What Python's own watchdog writes while the loop is blocked, and where it is.
BLOCKED, PLACE = "Timeout (0:00:05)!", re.compile(r'slowness\.py", line \d+ in slow$', re.MULTILINE)


async def members(house: House) -> int:
    """Return how many members the group has, as the broker sees it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=house.bootstrap)
    await admin.start()
    try:
        (described,) = await admin.describe_consumer_groups([f"{house.prefix}.care-reporting"])
        ((_, _, _, _, _, found),) = described.groups
        return len(found)
    finally:
        await admin.close()


async def says(process: Process, event: str) -> bool:
    return bool(process.said(event))


async def tells_where(process: Process) -> bool:
    said = process.child.log.read_text()
    return BLOCKED in said and PLACE.search(said) is not None


@asynccontextmanager
async def two_readers(
    house: House, pool: Pool, reporting: Database, fault: Mapping[str, str]
) -> AsyncIterator[tuple[Process, Process]]:
    """One reader that is at its slow batch, and a second one that joins meanwhile."""
    slow = await house.start("reporting", "consumer", reporting.app, fault=fault)
    await commit(EventStore(pool), 50, changes=2)
    async with background(relay_of(house, pool).run):
        await eventually(lambda: says(slow, BEGAN))
        yield slow, await house.start("reporting", "consumer", reporting.app)


async def test_r32_a_blocked_loop_is_told_of_and_its_partitions_go_to_another(
    house: House, pool: Pool, read_model: Pool, reporting: Database
) -> None:
    async with two_readers(house, pool, reporting, {SLEEP_SECONDS: "40"}) as (slow, other):
        await eventually(lambda: tells_where(slow), within=LIMIT_SECONDS)
        await caught_up(pool, read_model)
        assert await members(house) == 1
        assert not slow.said(ENDED)
        await eventually(lambda: says(slow, ENDED), within=LIMIT_SECONDS)
        await other.kill()
        await commit(EventStore(pool), 20)
        await caught_up(pool, read_model)
    # What it had held back was refused, and it began again.
    assert slow.said("task.restart")
    assert slow.child.log.read_text().count(BLOCKED) == 1
    await read_model_holds(pool, read_model)


async def test_r32_a_handler_slower_than_its_group_allows_has_one_effect(
    house: House, pool: Pool, read_model: Pool, reporting: Database
) -> None:
    fault = {DAWDLE_SECONDS: "25", MAX_POLL_MS: "5000"}
    async with two_readers(house, pool, reporting, fault) as (slow, other):
        # Its partitions are the other one's, who waits for what the slow one holds locked.
        await eventually(lambda: says(other, "task.restart"), within=LIMIT_SECONDS)
        assert not slow.said(ENDED)
        await eventually(lambda: says(slow, ENDED), within=LIMIT_SECONDS)
        await caught_up(pool, read_model)
        await commit(EventStore(pool), 20)
        await caught_up(pool, read_model)
    await read_model_holds(pool, read_model)
