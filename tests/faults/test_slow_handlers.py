"""R32: a handler that blocks its event loop, or is slower than its group allows, is detected and replaced."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from chassis.postgres.database import Pool
from chassis.store.event_store import EventStore
from tests.faults.support.deployment import Deployment, Process
from tests.faults.support.facts import commit
from tests.faults.support.read_model_checks import check_read_model, read_model_caught_up, relay_for
from tests.faults.support.slow_handler import BEGAN, BUSY_DATABASE_SECONDS, ENDED, MAX_POLL_MS, SLEEP_SECONDS
from tests.support.servers import Database
from tests.support.waiting import background, eventually

pytestmark = pytest.mark.nightly
LIMIT_SECONDS = 90.0
# The output of faulthandler while the loop is blocked, and the blocked function.
BLOCKED, PLACE = "Timeout (0:00:05)!", re.compile(r'slow_handler\.py", line \d+ in slow$', re.MULTILINE)


async def members(deployment: Deployment) -> int:
    """Return the number of members of the group, according to the broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=deployment.bootstrap)
    await admin.start()
    try:
        (described,) = await admin.describe_consumer_groups([f"{deployment.prefix}.care-reporting"])
        ((_, _, _, _, _, found),) = described.groups
        return len(found)
    finally:
        await admin.close()


async def says(process: Process, event: str) -> bool:
    return bool(process.log_entries(event))


async def tells_where(process: Process) -> bool:
    said = process.child.log.read_text()
    return BLOCKED in said and PLACE.search(said) is not None


@asynccontextmanager
async def two_readers(
    deployment: Deployment, pool: Pool, reporting: Database, fault: Mapping[str, str]
) -> AsyncIterator[tuple[Process, Process]]:
    """One consumer that handles its slow batch, and a second one that joins meanwhile."""
    slow = await deployment.start("reporting", "consumer", reporting.app, fault=fault)
    await commit(EventStore(pool), 50, changes=2)
    async with background(relay_for(deployment, pool).run):
        await eventually(lambda: says(slow, BEGAN))
        yield slow, await deployment.start("reporting", "consumer", reporting.app)


async def test_r32_a_blocked_loop_is_reported_and_its_partitions_are_reassigned(
    deployment: Deployment, pool: Pool, read_model: Pool, reporting: Database
) -> None:
    async with two_readers(deployment, pool, reporting, {SLEEP_SECONDS: "40"}) as (slow, other):
        await eventually(lambda: tells_where(slow), within=LIMIT_SECONDS)
        await read_model_caught_up(pool, read_model)
        assert await members(deployment) == 1
        assert not slow.log_entries(ENDED)
        await eventually(lambda: says(slow, ENDED), within=LIMIT_SECONDS)
        await other.kill()
        await commit(EventStore(pool), 20)
        await read_model_caught_up(pool, read_model)
    # Its delayed batch was refused, and it started again.
    assert slow.log_entries("task.restart")
    assert slow.child.log.read_text().count(BLOCKED) == 1
    await check_read_model(pool, read_model)


async def test_r32_a_handler_slower_than_its_group_allows_has_one_effect(
    deployment: Deployment, pool: Pool, read_model: Pool, reporting: Database
) -> None:
    fault = {BUSY_DATABASE_SECONDS: "25", MAX_POLL_MS: "5000"}
    async with two_readers(deployment, pool, reporting, fault) as (slow, other):
        # The other member owns its partitions, and waits for the lock of the slow one.
        await eventually(lambda: says(other, "task.restart"), within=LIMIT_SECONDS)
        assert not slow.log_entries(ENDED)
        await eventually(lambda: says(slow, ENDED), within=LIMIT_SECONDS)
        await read_model_caught_up(pool, read_model)
        await commit(EventStore(pool), 20)
        await read_model_caught_up(pool, read_model)
    await check_read_model(pool, read_model)
