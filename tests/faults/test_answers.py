"""R02, R03, R04: a command has one effect and one response, even if the response is lost."""

import asyncio
import sys
import time

import httpx
import pytest

from chassis.store import group_commit
from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import Issuer, host_and_port, via_port
from tests.faults.support.in_process import InProcessService, in_process_service
from tests.faults.support.ledger import Ledger, Outcome
from tests.faults.support.load import Load, Mix, Order, change, register
from tests.faults.support.proxy import proxy_to
from tests.support.servers import Database

WRITERS = 50
PROCESSES = 5
# The reply of append_events contains this word.
VERDICT = b"done"


async def holds(service: InProcessService, ledger: Ledger) -> None:
    stored = await evidence.stored(service.pool)
    oracle.hold(
        oracle.acknowledged_is_stored_once(ledger.attempts, stored),
        oracle.refused_has_no_effect(ledger.attempts, stored),
        oracle.store_is_in_order(stored),
    )


async def test_r02_a_lost_reply_to_a_commit_is_resolved_before_the_caller_gets_a_response(
    issuer: Issuer, database: Database, ledger: Ledger
) -> None:
    async with (
        proxy_to(*host_and_port(database.app)) as proxy,
        in_process_service(issuer, via_port(database.app, proxy.port)) as service,
    ):
        proxy.replies.cut_at = VERDICT
        load = Load(service.send, ledger)
        reply = await load.attempt(register("lost-reply"))
        assert (proxy.cuts, reply.outcome) == (1, Outcome.ACKED)
        await holds(service, ledger)


@pytest.mark.parametrize("way", ["request", "reply"])
async def test_r02_a_retry_after_a_503_gets_the_first_answer(
    issuer: Issuer, database: Database, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(group_commit, "DEADLINE_SECONDS", 0.5)
    async with (
        proxy_to(*host_and_port(database.app)) as proxy,
        in_process_service(issuer, via_port(database.app, proxy.port)) as service,
    ):
        order, load = register("try-again"), Load(service.send, ledger)
        await service.client.get("/readyz")
        cut, word = (proxy.requests, order.id.encode()) if way == "request" else (proxy.replies, VERDICT)
        cut.cut_at, cut.then_refuse = word, True
        first = await load.attempt(order)
        assert (first.outcome, first.status) == (Outcome.UNKNOWN, httpx.codes.SERVICE_UNAVAILABLE)
        await proxy.up()
        second, third = await load.attempt(order), await load.attempt(order)
        assert second.body == third.body
        assert len(await evidence.stored(service.pool)) == 1
        await holds(service, ledger)


async def test_r02_a_connection_that_is_cut_repeatedly_causes_no_false_conflict(
    issuer: Issuer, database: Database, ledger: Ledger
) -> None:
    async with (
        proxy_to(*host_and_port(database.app)) as proxy,
        in_process_service(issuer, via_port(database.app, proxy.port)) as service,
    ):
        load = Load(service.send, ledger, Mix(customers=20, commands=60, invalid=0))
        await load.register()

        async def cut() -> None:
            while True:
                await asyncio.sleep(0.05)
                proxy.replies.cut_at, proxy.replies.cuts_left = VERDICT, 1

        cutting = asyncio.create_task(cut())
        await load.run()
        cutting.cancel()
        assert proxy.cuts > 3
        assert ledger.count(Outcome.REFUSED) == 0
        await holds(service, ledger)


async def test_r03_the_same_key_in_sequence_concurrently_and_after_a_restart_has_one_effect(
    issuer: Issuer, database: Database, ledger: Ledger
) -> None:
    order = register("same-key")
    async with in_process_service(issuer, database.app) as first:
        load = Load(first.send, ledger)
        await asyncio.gather(*(load.until_known(order) for _ in range(20)))
        await load.until_known(order)
    async with in_process_service(issuer, database.app) as restarted:
        load = Load(restarted.send, ledger)
        await asyncio.gather(*(load.until_known(order) for _ in range(20)))
        assert ledger.count(Outcome.REFUSED) == 0
        await holds(restarted, ledger)


async def test_r03_the_same_key_at_once_in_two_processes_has_one_effect(
    issuer: Issuer, database: Database, ledger: Ledger
) -> None:
    async with in_process_service(issuer, database.app) as one, in_process_service(issuer, database.app) as other:
        for number in range(20):
            order = register(f"race-{number}")
            await asyncio.gather(*(Load(each.send, ledger).attempt(order) for each in (one, other, one, other)))
        await holds(one, ledger)
        assert ledger.count(Outcome.REFUSED) == 0


async def test_r03_a_key_belongs_to_its_request_and_its_sender(issuer: Issuer, database: Database) -> None:
    order = register("mine")
    async with in_process_service(issuer, database.app) as service:
        mine = await service.post(order)
        other_body = await service.post(Order(order.id, order.path, {"name": "另一家公司"}))
        somebody = await service.post(order, **issuer.headers("somebody-else", "admin"))
        assert (other_body.status_code, other_body.json()["code"]) == (422, "key-reused")
        assert somebody.status_code == httpx.codes.CREATED
        assert somebody.json()["id"] != mine.json()["id"]
        assert "idempotency-replayed" not in somebody.headers


async def test_r04_many_writers_on_one_customer_lose_no_update(
    issuer: Issuer, database: Database, ledger: Ledger
) -> None:
    services = [in_process_service(issuer, database.app, size=4) for _ in range(PROCESSES)]
    opened = [await each.__aenter__() for each in services]
    try:
        loads = [Load(each.send, ledger) for each in opened]
        customer = str((await loads[0].until_known(register("hot"))).result["id"])
        took: list[float] = []

        async def write(number: int) -> None:
            began = time.perf_counter()
            await loads[number % PROCESSES].until_known(change(f"write-{number}", customer))
            took.append(time.perf_counter() - began)

        await asyncio.gather(*(write(number) for number in range(WRITERS)))
        await holds(opened[0], ledger)
        assert ledger.count(Outcome.ACKED) > WRITERS // 2
        sys.stdout.write(f"R04: the slowest of {WRITERS} writers was done after {max(took):.2f} s\n")
    finally:
        for each in services:
            await each.__aexit__(None, None, None)
