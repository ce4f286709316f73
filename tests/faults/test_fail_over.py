"""R14: a standby takes over under the standard load. A synchronous one has all of it; what another lacks is told."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.stack.infrastructure import temporary_data_dir
from deploy.stack.ports import HOST
from tests.faults.support import evidence, oracle
from tests.faults.support.clusters import own_cluster, standby_of
from tests.faults.support.customer_under_load import verdict
from tests.faults.support.deployment import (
    Deployment,
    Issuer,
    Process,
    host_and_port,
    keep_running_process,
    pool_at,
    via_port,
)
from tests.faults.support.ledger import Attempt, Ledger, Outcome, Reply
from tests.faults.support.load import Load, Mix, Order, plan, sender
from tests.faults.support.proxy import Proxy, proxy_to
from tests.faults.support.relay_process import delete_topic
from tests.support.servers import Database, Servers
from tests.support.waiting import background, eventually

pytestmark = pytest.mark.nightly

LOAD = Mix(commands=1_200)
# Within which commands are acknowledged again.
TAKEN_OVER_SECONDS = 120.0
# What /readyz says about a store that its topic is ahead of.
BEHIND = "but its store ends at"
BE_SYNCHRONOUS = "ALTER SYSTEM SET synchronous_standby_names = '*'"
IS_SYNCHRONOUS = "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'"


@dataclass
class Pair:
    """A primary and a standby that follows it over `link`. `address` leads to the first, then to the other."""

    servers: Servers
    database: Database
    after: Database
    link: Proxy
    address: Proxy

    @property
    def both(self) -> str:
        """Name both places; the driver takes the one that is the primary."""
        place, _, name = self.database.app.rpartition("/")
        _, port = host_and_port(self.after.app)
        return f"{place},{HOST}:{port}/{name}?target_session_attrs=primary"

    @property
    def moving(self) -> str:
        return via_port(self.database.app, self.address.port)

    async def be_synchronous(self) -> None:
        admin = await asyncpg.connect(self.database.admin)
        await admin.execute(BE_SYNCHRONOUS)
        await admin.execute("SELECT pg_reload_conf()")
        await eventually(lambda: admin.fetchval(IS_SYNCHRONOUS))
        await admin.close()

    async def lose_primary(self) -> None:
        """End the primary for good, and let the address lead to the standby, which does not take anything yet."""
        (server,) = self.servers.infrastructure.children
        server.send(signal.SIGKILL)
        await server.wait()
        await self.link.down()
        self.address.lead_to(host_and_port(self.after.app))

    async def promote(self) -> None:
        admin = await asyncpg.connect(self.after.admin)
        await admin.execute("SELECT pg_promote()")
        await admin.close()


@pytest.fixture
async def pair(running: Servers) -> AsyncIterator[Pair]:
    with temporary_data_dir() as first, temporary_data_dir() as second:
        async with own_cluster(running, first) as servers:
            origin = servers.infrastructure.postgres_admin_url
            database = await servers.database("customer")
            async with (
                proxy_to(*host_and_port(origin)) as link,
                proxy_to(*host_and_port(origin)) as address,
                standby_of(first, second, via_port(origin, link.port)) as port,
            ):
                urls = (database.app, database.admin, database.bi_reader, database.bi_builder)
                yield Pair(servers, database, Database(*(via_port(url, port) for url in urls)), link, address)


@pytest.fixture
async def pair_deployment(pair: Pair, issuer: Issuer, tmp_path: Path) -> AsyncIterator[Deployment]:
    made = Deployment(pair.servers, issuer, tmp_path)
    yield made
    await made.close()


async def acknowledged_more(ledger: Ledger, count: int, *, within: float = 60.0) -> None:
    wanted = ledger.count(Outcome.ACKED) + count

    async def enough() -> bool:
        return ledger.count(Outcome.ACKED) >= wanted

    await eventually(enough, within=within)


async def under_load(
    deployment: Deployment, pair: Pair, service: Process, ledger: Ledger, take_over: Callable[[], Awaitable[None]]
) -> list[str]:
    """Let the standby take over while the service is under load, and started again whenever it ends.

    Returns the customers that the load was about.
    """
    async with httpx.AsyncClient(headers=deployment.issuer.headers(), trust_env=False) as client:
        load = Load(sender(client, lambda: service.url), ledger, LOAD)
        await load.register()
        async with background(lambda: keep_running_process(service, pair.after)):
            await asyncio.gather(load.run(), take_over())
        return load.customers


@pytest.mark.parametrize("way", ["both", "moving"])
async def test_r14_a_synchronous_standby_takes_over_with_all_that_was_acknowledged(
    pair: Pair, pair_deployment: Deployment, ledger: Ledger, way: str
) -> None:
    await pair.be_synchronous()
    service = await pair_deployment.start("customer", "all", getattr(pair, way))

    async def take_over() -> None:
        await acknowledged_more(ledger, 5 * LOAD.customers)
        await pair.lose_primary()
        began = time.perf_counter()
        # Some commands meet a standby that takes nothing.
        await asyncio.sleep(1)
        await pair.promote()
        await acknowledged_more(ledger, 1, within=TAKEN_OVER_SECONDS)
        sys.stdout.write(f"R14: acknowledged again {time.perf_counter() - began:.1f} s after the primary was lost\n")

    await under_load(pair_deployment, pair, service, ledger, take_over)
    if not service.child.running:
        await service.restart()
    await verdict(pair_deployment, pair.after, ledger.attempts)
    assert {attempt.reply.status for attempt in ledger.attempts} <= {200, 201, 409, 422, 503, None}


async def test_r14_what_an_asynchronous_standby_lacks_is_counted_and_nothing_is_accepted_until_somebody_has_seen_to_it(
    pair: Pair, pair_deployment: Deployment, ledger: Ledger
) -> None:
    service = await pair_deployment.start("customer", "all", pair.both)
    before: dict[str, Reply] = {}

    async def take_over() -> None:
        await acknowledged_more(ledger, 5 * LOAD.customers)
        pair.link.freeze()
        await acknowledged_more(ledger, LOAD.customers)
        await pair.lose_primary()
        await pair.promote()
        # Also the responses that were on their way when the primary was lost.
        before.update({command: replies[-1] for command, replies in oracle.acknowledged(ledger.attempts).items()})
        await refuses(pair_deployment, service)
        await delete_topic(pair_deployment.bootstrap, pair_deployment.topic)
        await service.kill()
        # The store goes on, beyond the end of what it has lost.
        await acknowledged_more(ledger, 5 * LOAD.customers, within=TAKEN_OVER_SECONDS)

    customers = await under_load(pair_deployment, pair, service, ledger, take_over)
    lost = await lost_commands(pair.after, ledger)
    sys.stdout.write(f"R14: {len(lost)} of {ledger.count(Outcome.ACKED)} acknowledged commands are lost\n")
    assert lost
    assert lost <= before.keys()
    again = Ledger(pair_deployment.folder / "again.jsonl")
    await send_again(pair_deployment, service, again, [each for each in plan(LOAD, customers) if each.id in lost])
    void = done_anew(ledger, before)
    kept = [attempt for attempt in ledger.attempts if attempt.command not in lost and attempt not in void]
    await verdict(pair_deployment, pair.after, kept + again.attempts)


def done_anew(ledger: Ledger, before: Mapping[str, Reply]) -> list[Attempt]:
    """Return the attempts whose answer was lost before the same was sent again on purpose, which did it once more."""
    last = {command: replies[-1] for command, replies in oracle.acknowledged(ledger.attempts).items()}
    return [Attempt(command, reply) for command, reply in before.items() if last[command] != reply]


async def lost_commands(database: Database, ledger: Ledger) -> set[str]:
    async with pool_at(database.app) as pool:
        stored = await evidence.stored(pool)
    oracle.hold(oracle.store_is_in_order(stored))
    with pytest.raises(AssertionError, match="I1: "):
        oracle.hold(oracle.acknowledged_is_stored_once(ledger.attempts, stored))
    return set(oracle.acknowledged(ledger.attempts)) - {fact.metadata.correlation_id for fact in stored}


async def refuses(deployment: Deployment, service: Process) -> None:
    """Wait until the store refuses commands, and check that no position is published for two events."""

    async def says() -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                ready = await client.get(f"{service.url}/readyz")
            except httpx.HTTPError:
                return False
            return ready.status_code == 503 and BEHIND in ready.text

    await eventually(says, within=TAKEN_OVER_SECONDS)
    topic = await evidence.published(deployment.bootstrap, deployment.topic)
    assert len({record.position for record in topic}) == len({record.event_id for record in topic})


async def send_again(deployment: Deployment, service: Process, ledger: Ledger, orders: Sequence[Order]) -> None:
    async with httpx.AsyncClient(headers=deployment.issuer.headers(), trust_env=False) as client:
        load = Load(sender(client, lambda: service.url), ledger)
        for order in orders:
            await load.until_known(order)
