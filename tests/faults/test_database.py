"""R05, R06, R07, R08, R10: the database loses connections, freezes, is unavailable, crashes, or is locked."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import httpx
import pytest

from chassis.postgres.database import DEADLINE_SECONDS
from chassis.store.event_store import EventStore
from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import Deployment, Issuer, host_and_port, pool_at, via_port
from tests.faults.support.in_process import InProcessService, in_process_service
from tests.faults.support.ledger import Ledger, Outcome
from tests.faults.support.load import Load, Mix, change, register, sender
from tests.faults.support.proxy import proxy_to
from tests.support.appends import append_of
from tests.support.servers import Database, Servers
from tests.support.waiting import background, eventually

TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'care_customer' ORDER BY random() LIMIT 1
"""
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = 'care_customer'"
# Without a deadline, requests would wait as long as it is frozen.
GRACE_SECONDS = 30.0
ENOUGH = 20


async def holds(database: Database, ledger: Ledger) -> None:
    async with pool_at(database.app) as pool:
        stored = await evidence.stored(pool)
        oracle.hold(
            oracle.acknowledged_is_stored_once(ledger.attempts, stored),
            oracle.refused_has_no_effect(ledger.attempts, stored),
            oracle.store_is_in_order(stored),
        )


@asynccontextmanager
async def administrator(database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    admin = await asyncpg.connect(database.admin)
    try:
        yield admin
    finally:
        await admin.close()


async def test_r05_killed_backends_cost_no_client_a_response(
    issuer: Issuer, database: Database, ledger: Ledger
) -> None:
    async with in_process_service(issuer, database.app) as service, administrator(database) as admin:
        load = Load(service.send, ledger, Mix(commands=10_000))
        await load.register()
        killed = 0

        async def kill_backends() -> None:
            nonlocal killed
            while True:
                await asyncio.sleep(0.2)
                killed += len(await admin.fetch(TERMINATE))

        async def enough_are_killed() -> bool:
            return killed > ENOUGH

        async with background(load.run, kill_backends):
            await eventually(enough_are_killed)
        # Clients without a response retried and got one, except for requests in progress at the end.
        assert len(unanswered(ledger)) <= load.mix.clients
        replies = [await load.until_known(change(f"after-{number}", load.customers[0])) for number in range(20)]
        assert {reply.outcome for reply in replies} == {Outcome.ACKED}
        await holds(database, ledger)


def unanswered(ledger: Ledger) -> set[str]:
    known = {attempt.command for attempt in ledger.attempts if attempt.reply.outcome is not Outcome.UNKNOWN}
    return {attempt.command for attempt in ledger.attempts} - known


async def answers_readiness_with(service: InProcessService, status: int) -> bool:
    return (await service.client.get("/readyz")).status_code == status


@pytest.fixture
async def backends(database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    async with administrator(database) as admin:
        yield admin


async def pids(admin: "asyncpg.Connection[asyncpg.Record]") -> list[int]:
    return [row["pid"] for row in await admin.fetch(BACKENDS)]


async def timed(load: Load, name: str, customer: str) -> float:
    began = time.perf_counter()
    await load.attempt(change(name, customer))
    return time.perf_counter() - began


async def test_r08_frozen_backends_keep_nobody_waiting_beyond_the_deadline(
    issuer: Issuer, database: Database, ledger: Ledger, backends: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with in_process_service(issuer, database.app, size=4) as service:
        load = Load(service.send, ledger, Mix(customers=8, commands=40))
        await load.register()
        frozen = await pids(backends)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            took = await asyncio.gather(
                *(timed(load, f"frozen-{number}", customer) for number, customer in enumerate(load.customers))
            )
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        assert max(took) < DEADLINE_SECONDS + GRACE_SECONDS
        await load.run()
        await holds(database, ledger)


async def test_r08_a_frozen_postmaster_keeps_nobody_waiting_beyond_the_deadline(
    running: Servers, issuer: Issuer, database: Database, ledger: Ledger
) -> None:
    postmaster = server_process(running)
    async with in_process_service(issuer, database.app, size=4) as service:
        load = Load(service.send, ledger)
        # One connection is open already; three would have to be opened.
        customers = [str((await load.until_known(register(f"frozen-{number}"))).result["id"]) for number in range(8)]
        os.kill(postmaster, signal.SIGSTOP)
        try:
            took = await asyncio.gather(
                *(timed(load, f"postmaster-{number}", customer) for number, customer in enumerate(customers))
            )
        finally:
            os.kill(postmaster, signal.SIGCONT)
        assert max(took) < DEADLINE_SECONDS + GRACE_SECONDS
        await asyncio.gather(*(load.until_known(change(f"later-{number}", customers[number])) for number in range(8)))
        await holds(database, ledger)


def server_process(running: Servers) -> int:
    """Return the process id of PostgreSQL; skip the test if the tests did not start it."""
    for child in running.infrastructure.children:
        if child.name == "PostgreSQL" and child.process is not None:
            return child.process.pid
    pytest.skip("PostgreSQL is not a process of this run")


async def test_r07_without_a_database_every_call_ends_soon_in_a_503(
    issuer: Issuer, database: Database, ledger: Ledger
) -> None:
    async with (
        proxy_to(*host_and_port(database.app)) as proxy,
        in_process_service(issuer, via_port(database.app, proxy.port)) as service,
    ):
        load = Load(service.send, ledger)
        customer = str((await load.until_known(register("before"))).result["id"])
        await proxy.down()
        # Requests in progress when the connection broke may have arrived, so they are retried for longer.
        await eventually(lambda: answers_readiness_with(service, httpx.codes.SERVICE_UNAVAILABLE))
        took = await asyncio.gather(*(timed(load, f"away-{number}", customer) for number in range(50)))
        ready, live = await service.client.get("/readyz"), await service.client.get("/livez")
        refused = await service.post(change("refused", customer))
        await proxy.up()
        assert max(took) < DEADLINE_SECONDS + GRACE_SECONDS
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert (ready.status_code, live.status_code) == (503, 200)
        assert ledger.count(Outcome.ACKED) == 1
        assert (await load.until_known(change("after", customer))).outcome is Outcome.ACKED
        assert (await service.client.get("/readyz")).status_code == httpx.codes.OK
        await holds(database, ledger)


async def test_r10_a_writer_stuck_with_the_lock_holds_the_others_up_for_a_bounded_time(
    issuer: Issuer, database: Database, ledger: Ledger
) -> None:
    async with in_process_service(issuer, database.app) as service, pool_at(database.app, size=1) as stuck:
        load = Load(service.send, ledger)
        # Never released: the server ends this connection, and the pool is closed without using it.
        held = await stuck.acquire()
        await held.execute("BEGIN")
        await EventStore(stuck).append_within(held, [append_of(uuid4(), [1])])
        began = time.perf_counter()
        reply = await load.until_known(register("waiting"))
        took = time.perf_counter() - began
        assert (reply.outcome, took < DEADLINE_SECONDS + GRACE_SECONDS) == (Outcome.ACKED, True)
        assert len(await evidence.stored(service.pool)) == 1


@pytest.mark.nightly
async def test_r06_a_crashed_database_comes_back_with_everything_acknowledged(
    running: Servers, deployment: Deployment, database: Database, ledger: Ledger
) -> None:
    server_process(running)
    (server,) = [child for child in running.infrastructure.children if child.name == "PostgreSQL"]
    service = await deployment.start("customer", "all", database.app)

    async def crash() -> None:
        for _ in range(3):
            await asyncio.sleep(1.5)
            server.send(signal.SIGQUIT)
            await server.wait()
            await server.start()

    async with httpx.AsyncClient(headers=deployment.issuer.headers(), trust_env=False) as client:
        load = Load(sender(client, lambda: service.url), ledger, Mix(commands=900))
        await load.register()
        await asyncio.gather(load.run(), crash())
    await holds(database, ledger)
