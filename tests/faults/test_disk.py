"""R11: the disk of PostgreSQL's data or WAL becomes full under the standard load."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from chassis.postgres.database import UNAVAILABLE
from chassis.store.append import Append, Appended
from chassis.store.append import Outcome as Stored
from chassis.store.event_store import EventStore
from tests.faults.support import evidence, oracle
from tests.faults.support.clusters import fill, own_cluster, small_disk
from tests.faults.support.customer_under_load import under_load, verdict
from tests.faults.support.deployment import Deployment, Issuer, Process, is_ready_at
from tests.faults.support.in_process import in_process_service
from tests.faults.support.ledger import Ledger, Outcome
from tests.faults.support.load import Load, Mix
from tests.support.servers import Servers
from tests.support.waiting import eventually

pytestmark = pytest.mark.nightly

DISK_MEGABYTES = 300
LOAD = Mix(commands=1_500)
# Fills the rest of a segment, so that a new one has to be created.
USE_UP = "SELECT pg_logical_emit_message(true, 'tests', 'full'), pg_switch_wal()"
SEGMENTS = 100


@pytest.fixture
def disk() -> Iterator[Path]:
    with small_disk(DISK_MEGABYTES) as mounted:
        yield mounted


@pytest.fixture
async def small_cluster(running: Servers, disk: Path) -> AsyncIterator[Servers]:
    async with own_cluster(running, disk) as servers:
        yield servers


@pytest.fixture
async def small_deployment(small_cluster: Servers, issuer: Issuer, tmp_path: Path) -> AsyncIterator[Deployment]:
    made = Deployment(small_cluster, issuer, tmp_path)
    yield made
    await made.close()


async def use_up_wal(servers: Servers) -> None:
    """Create new segments until the server has no space for one and ends."""
    (server,) = servers.infrastructure.children
    admin = await asyncpg.connect(servers.infrastructure.postgres_admin_url)
    with pytest.raises(UNAVAILABLE):  # noqa: PT012 - it is not known which statement finds no space
        for _ in range(SEGMENTS):
            await admin.execute(USE_UP)
    async with asyncio.timeout(30):
        await server.wait()


async def is_not_ready(service: Process) -> bool:
    return not await is_ready_at(f"{service.url}/readyz")


@pytest.mark.parametrize("what", ["data", "wal"])
async def test_r11_a_full_disk_accepts_and_loses_nothing_and_recovers_once_there_is_space(
    small_cluster: Servers, small_deployment: Deployment, disk: Path, ledger: Ledger, what: str
) -> None:
    database = await small_cluster.database("customer")
    service = await small_deployment.start("customer", "all", database.app)
    (server,) = small_cluster.infrastructure.children

    async def is_under_way() -> bool:
        return ledger.count(Outcome.ACKED) > 2 * LOAD.customers

    async def some_are_refused() -> bool:
        return httpx.codes.SERVICE_UNAVAILABLE in statuses(ledger)

    async def run_full() -> None:
        await eventually(is_under_way)
        ballast = fill(disk)
        if what == "wal":
            await use_up_wal(small_cluster)
        await eventually(lambda: is_not_ready(service))
        assert await is_ready_at(f"{service.url}/livez")
        await eventually(some_are_refused)
        ballast.unlink()
        assert server.running == (what == "data")
        if what == "wal":
            await server.start()

    await asyncio.gather(under_load(small_deployment, ledger, LOAD, lambda: service.url), run_full())
    await verdict(small_deployment, database, ledger.attempts)
    assert statuses(ledger) & set(range(500, 600)) == {httpx.codes.SERVICE_UNAVAILABLE}


def statuses(ledger: Ledger) -> set[int | None]:
    return {attempt.reply.status for attempt in ledger.attempts}


async def test_a_store_that_responds_before_its_commit_is_detected_by_a_full_disk(
    small_cluster: Servers, issuer: Issuer, disk: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: set[asyncio.Task[object]] = set()

    async def answer_at_once(store: EventStore, append: Append) -> Appended:
        commits.add(asyncio.create_task(store._group.submit(append)))
        return Appended(Stored.DONE, 0)

    database = await small_cluster.database("customer")
    async with in_process_service(issuer, database.app) as service:
        load = Load(service.send, ledger, LOAD)
        await load.register()
        monkeypatch.setattr(EventStore, "append", answer_at_once)
        fill(disk)
        await load.run()
        assert any(isinstance(each, BaseException) for each in await asyncio.gather(*commits, return_exceptions=True))
        stored = await evidence.stored(service.pool)
    with pytest.raises(AssertionError, match="I1: "):
        oracle.hold(oracle.acknowledged_is_stored_once(ledger.attempts, stored))
