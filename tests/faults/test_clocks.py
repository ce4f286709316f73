"""67: a clock of the database or of a process is wrong. Nothing is recorded in the future; a relay publishes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from chassis.postgres.database import ClockError, Pool
from chassis.publish import lease as lease_module
from chassis.publish.lease import Lease
from chassis.store import append as append_module
from chassis.store import event_store, retention
from chassis.store.append import Outcome
from chassis.store.event_store import EventStore
from chassis.store.retention import maintain_partitions
from tests.faults.support.deployment import ALL_PUBLISHED, Deployment, Process, pool_at, wait_until_true
from tests.faults.support.facts import commit
from tests.faults.support.stepped_clock import SteppedClock, stepped_clock
from tests.support.appends import append_of
from tests.support.servers import Database
from tests.support.waiting import eventually

HOUR, DAYS = timedelta(hours=1), timedelta(days=3)
BOUND = timedelta(seconds=60)
A_LITTLE = timedelta(seconds=5)
# Twice as long as it takes: the lease of 10 seconds, attempts every 3 seconds, and the start of the producer.
TAKE_OVER_SECONDS = 30.0
LATEST = "SELECT max(recorded_at) FROM event"
WATERMARK = "SELECT timestamptz 'epoch' + last_value * interval '1 microsecond' FROM store_watermark_instant"
DEAD_IMPORT = """
    INSERT INTO import_batch (id, created_by, rows, status, leased_until)
    VALUES ($1, 'tests', 0, 'running', clock_timestamp() + interval '15 seconds')
"""
IMPORTED = "SELECT status = 'succeeded' FROM import_batch WHERE id = $1"


@pytest.fixture
async def clock(database: Database) -> AsyncIterator[SteppedClock]:
    async with stepped_clock(database) as stepped:
        yield stepped


@pytest.fixture
async def stepped_pool(clock: SteppedClock) -> AsyncIterator[Pool]:
    async with pool_at(clock.database.app) as opened:
        yield opened


@pytest.fixture
def stepped_store(stepped_pool: Pool) -> EventStore:
    return EventStore(stepped_pool)


def shift_process_clock(monkeypatch: pytest.MonkeyPatch, ahead: timedelta, *modules: ModuleType) -> None:
    for module in modules:
        monkeypatch.setattr(module, "utc_now", lambda: datetime.now(UTC) + ahead)


async def test_67_a_dead_relay_is_replaced_within_seconds_after_the_clock_stepped_back(
    deployment: Deployment, database: Database, clock: SteppedClock, stepped_pool: Pool
) -> None:
    first = await deployment.start("customer", "relay", database.app)
    await deployment.start("customer", "relay", database.app)
    await commit(EventStore(stepped_pool), 5)
    await wait_until_true(stepped_pool, ALL_PUBLISHED)
    await first.kill()
    await commit(EventStore(stepped_pool), 5)
    await clock.set_ahead(-HOUR)
    await eventually(lambda: stepped_pool.fetchval(ALL_PUBLISHED), within=TAKE_OVER_SECONDS)


async def test_67_a_living_holder_keeps_the_lease_when_the_clock_steps_ahead(
    clock: SteppedClock, stepped_pool: Pool
) -> None:
    holder, other = Lease(stepped_pool), Lease(stepped_pool)
    assert await holder.acquire()
    epoch = holder.epoch
    await clock.set_ahead(HOUR)
    assert not await other.acquire()
    assert await holder.acquire()
    assert holder.epoch == epoch


async def test_67_a_lease_is_taken_only_if_it_was_not_renewed_meanwhile(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, other = Lease(pool), Lease(pool)
    await holder.acquire()
    assert not await other.acquire()
    await holder.acquire()
    monkeypatch.setattr(lease_module, "LEASE_SECONDS", 0.0)
    assert not await other.acquire()
    assert await other.acquire()
    assert other.epoch == (holder.epoch or 0) + 1


async def test_67_a_released_lease_is_taken_at_once(pool: Pool) -> None:
    holder, other = Lease(pool), Lease(pool)
    await holder.acquire()
    await holder.release()
    assert await other.acquire()


async def test_67_while_the_clock_is_days_ahead_nothing_is_recorded_or_dropped(
    clock: SteppedClock, stepped_store: EventStore, stepped_pool: Pool
) -> None:
    await stepped_store.append(append_of(uuid4(), [1]))
    await stepped_store.watermark()
    await clock.set_ahead(DAYS)
    for refused in (stepped_store.append(append_of(uuid4(), [1])), stepped_store.watermark()):
        with pytest.raises(ClockError, match=r"is 259\d{3} s ahead of the clock of this process"):
            await refused
    with pytest.raises(ClockError):
        await maintain_partitions(stepped_pool)
    await clock.set_ahead(timedelta())
    assert (await stepped_store.append(append_of(uuid4(), [1]))).outcome is Outcome.DONE
    _, complete_until = await stepped_store.watermark()
    for recorded in (complete_until, await stepped_pool.fetchval(LATEST), await stepped_pool.fetchval(WATERMARK)):
        assert recorded < datetime.now(UTC) + A_LITTLE


@pytest.mark.parametrize("ahead", [DAYS, -DAYS])
async def test_67_a_process_whose_clock_is_wrong_records_nothing(
    store: EventStore, pool: Pool, monkeypatch: pytest.MonkeyPatch, ahead: timedelta
) -> None:
    shift_process_clock(monkeypatch, ahead, append_module, event_store, retention)
    for refused in (store.append(append_of(uuid4(), [1])), store.watermark(), maintain_partitions(pool)):
        with pytest.raises(ClockError, match="behind" if ahead > timedelta() else "ahead of"):
            await refused
    assert await store.head() == 0


@pytest.mark.parametrize("sign", [1, -1])
async def test_67_clocks_may_differ_by_the_bound_and_no_more(
    clock: SteppedClock, stepped_store: EventStore, sign: int
) -> None:
    await clock.set_ahead(sign * (BOUND - A_LITTLE))
    assert await stepped_store.clock_fault() is None
    assert (await stepped_store.append(append_of(uuid4(), [1]))).outcome is Outcome.DONE
    await clock.set_ahead(sign * (BOUND + A_LITTLE))
    assert await stepped_store.clock_fault()
    with pytest.raises(ClockError):
        await stepped_store.append(append_of(uuid4(), [1]))


async def test_67_after_a_small_step_back_recorded_times_stay_in_order(
    clock: SteppedClock, stepped_store: EventStore
) -> None:
    await clock.set_ahead(timedelta(seconds=30))
    await stepped_store.append(append_of(uuid4(), [1]))
    await clock.set_ahead(timedelta())
    await stepped_store.append(append_of(uuid4(), [1]))
    first, second = await stepped_store.read_all(after=0)
    assert first.recorded_at == second.recorded_at


async def record_in_the_future(
    clock: SteppedClock, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> tuple[UUID, UUID]:
    """Append once now and once in three days, with all clocks wrong in the same way."""
    early, late = uuid4(), uuid4()
    await store.append(append_of(early, [1]))
    with monkeypatch.context() as patch:
        shift_process_clock(patch, DAYS, append_module, event_store)
        await clock.set_ahead(DAYS)
        await store.append(append_of(late, [1]))
        await store.watermark()
    await clock.set_ahead(timedelta())
    return early, late


async def test_67_a_store_that_ends_in_the_future_stops_and_says_so(
    clock: SteppedClock, stepped_store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record_in_the_future(clock, stepped_store, monkeypatch)
    for refused in (stepped_store.append(append_of(uuid4(), [1])), stepped_store.watermark()):
        with pytest.raises(ClockError, match=r"the store ends 259\d{3} s after the current time of the database"):
            await refused
    assert "the store ends" in (await stepped_store.clock_fault() or "")


async def test_67_the_owner_corrects_a_store_that_ends_in_the_future(
    clock: SteppedClock, stepped_store: EventStore, stepped_pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = await record_in_the_future(clock, stepped_store, monkeypatch)
    (before,) = [row async for row in stepped_store.read_stream(early)]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await stepped_pool.fetchval("SELECT correct_future_times()")
    await clock.admin.execute("SET ROLE care_migrator")
    assert await clock.admin.fetchval("SELECT correct_future_times()") == 1
    assert (await stepped_store.append(append_of(uuid4(), [1]))).outcome is Outcome.DONE
    _, complete_until = await stepped_store.watermark()
    (corrected,) = [row async for row in stepped_store.read_stream(late)]
    assert before.recorded_at < corrected.recorded_at <= complete_until < datetime.now(UTC) + A_LITTLE
    assert [row async for row in stepped_store.read_stream(early)] == [before]


async def register(api: Process, deployment: Deployment, key: str) -> httpx.Response:
    headers = deployment.issuer.headers() | {"Idempotency-Key": key}
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(f"{api.url}/v1/customers", json={"name": "Time"}, headers=headers)


async def readiness(api: Process) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"{api.url}/readyz")


async def test_67_rest_answers_503_with_the_reason_until_the_clock_is_right(
    deployment: Deployment, database: Database, clock: SteppedClock, pool: Pool
) -> None:
    api = await deployment.start("customer", "api", database.app)
    await clock.set_ahead(DAYS)
    refused, probe = await register(api, deployment, "k"), await readiness(api)
    assert (refused.status_code, refused.json()["code"], refused.json()["retryable"]) == (503, "unavailable", True)
    assert "clock" in refused.json()["detail"]
    assert "Retry-After" in refused.headers
    assert probe.status_code == 503
    assert "ahead of the clock of this process" in probe.json()["faults"]["clock"]
    assert await EventStore(pool).head() == 0
    await clock.set_ahead(timedelta())
    assert (await register(api, deployment, "k")).status_code == 201
    assert "clock" not in (await readiness(api)).json()["faults"]


async def test_67_the_import_of_a_dead_process_goes_on_after_the_clock_stepped_back(
    deployment: Deployment, database: Database, clock: SteppedClock, stepped_pool: Pool
) -> None:
    await deployment.start("customer", "importer", database.app)
    batch_id = uuid4()
    await stepped_pool.execute(DEAD_IMPORT, batch_id)
    await clock.set_ahead(-HOUR)
    await eventually(lambda: stepped_pool.fetchval(IMPORTED, batch_id), within=TAKE_OVER_SECONDS)
