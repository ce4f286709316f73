"""R09: all connections are blocked, or the head of the store is locked: 200 clients quickly get a 503."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import asyncpg
import httpx

from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import Issuer
from tests.faults.support.in_process import InProcessService, in_process_service
from tests.faults.support.ledger import Ledger, Outcome
from tests.faults.support.load import Load, change, register
from tests.support.servers import Database
from tests.support.waiting import eventually

CLIENTS = 200
CONNECTIONS = 10
APART_SECONDS = 0.01
PAUSE_SECONDS = 2.0
LIMIT_SECONDS = 90.0
LIST = "/v1/customers?limit=5"
LOCKED_TABLE = "LOCK TABLE customer IN ACCESS EXCLUSIVE MODE"
LOCKED_STORE = "SELECT lock_store()"


@dataclass(frozen=True)
class Seen:
    status: int
    seconds: float
    retry_after: str | None = None


Ask = Callable[[int], Awaitable[Seen]]


@dataclass
class Siege:
    """The responses that the clients of one test have received."""

    seen: list[Seen] = field(default_factory=list)
    live: list[Seen] = field(default_factory=list)
    ready: list[Seen] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def refused(self) -> list[Seen]:
        return [each for each in self.seen if each.status == httpx.codes.SERVICE_UNAVAILABLE]

    async def insist(self, ask: Ask, number: int, seen: list[Seen]) -> None:
        """Send requests until the end of the test; after a refusal, wait for its Retry-After."""
        await asyncio.sleep(number * APART_SECONDS)
        while not self.over.is_set():
            seen.append(await ask(number))
            await asyncio.sleep(PAUSE_SECONDS)

    async def hold(self, database: Database, lock: str) -> None:
        """Hold a lock until most clients have been refused."""
        admin = await asyncpg.connect(database.admin)
        try:
            async with asyncio.timeout(LIMIT_SECONDS), admin.transaction():
                await admin.execute(lock)
                while len(self.refused) < CLIENTS:
                    await admin.execute("SELECT pg_sleep(0.5)")
        finally:
            self.over.set()
            await admin.close()

    async def lay(self, service: InProcessService, database: Database, lock: str, ask: Ask) -> None:
        """Let all clients ask while the lock is held, and two probes beside them."""
        await asyncio.gather(
            self.hold(database, lock),
            *(self.insist(ask, number, self.seen) for number in range(CLIENTS)),
            self.insist(lambda _: got(service, "/livez"), 0, self.live),
            self.insist(lambda _: got(service, "/readyz"), 0, self.ready),
        )

    def holds(self) -> None:
        assert {each.retry_after for each in self.refused} == {"2"}
        assert {each.status for each in self.seen} <= {200, 503}
        assert {each.status for each in self.live} == {200}

    def report(self, what: str) -> None:
        """Print how long they waited: figures, not verdicts."""
        for name, seen in ((what, self.refused), ("/livez", self.live), ("/readyz", self.ready)):
            took = sorted(each.seconds for each in seen)
            middle, late = took[len(took) // 2], took[int(len(took) * 0.99)]
            sys.stdout.write(f"R09 {name}: {len(took)}, p50 {middle:.3f} s, p99 {late:.3f} s\n")


async def got(service: InProcessService, path: str) -> Seen:
    began = time.perf_counter()
    response = await service.client.get(path)
    return Seen(response.status_code, time.perf_counter() - began, response.headers.get("retry-after"))


async def nobody_waits(service: InProcessService) -> bool:
    return service.pool.get_idle_size() == service.pool.get_size()


async def test_r09_readers_are_refused_while_every_connection_is_held_up(issuer: Issuer, database: Database) -> None:
    siege = Siege()
    async with in_process_service(issuer, database.app, size=CONNECTIONS) as service:
        # All connections are there already: making one takes its time as well.
        await asyncio.gather(*(got(service, LIST) for _ in range(CONNECTIONS)))
        await siege.lay(service, database, LOCKED_TABLE, lambda _: got(service, LIST))
        siege.holds()
        await eventually(lambda: nobody_waits(service))
        assert (await got(service, LIST)).status == httpx.codes.OK
        assert (await got(service, "/readyz")).status == httpx.codes.OK
    siege.report("reads refused")


async def test_r09_writers_are_refused_while_the_head_is_locked(
    issuer: Issuer, database: Database, ledger: Ledger
) -> None:
    siege = Siege()
    async with in_process_service(issuer, database.app, size=CONNECTIONS) as service:
        load = Load(service.send, ledger)
        customers = [str((await load.until_known(register(f"r09-{number}"))).result["id"]) for number in range(CLIENTS)]
        orders = [change(f"held-{number}", customer) for number, customer in enumerate(customers)]

        async def write(number: int) -> Seen:
            began = time.perf_counter()
            response = await service.post(orders[number])
            return Seen(response.status_code, time.perf_counter() - began, response.headers.get("retry-after"))

        await siege.lay(service, database, LOCKED_STORE, write)
        siege.holds()
        # Each was sent under its own key however often, and now comes to its end, once.
        replies = await asyncio.gather(*(load.until_known(order) for order in orders))
        assert {reply.outcome for reply in replies} == {Outcome.ACKED}
        stored = await evidence.stored(service.pool)
        oracle.hold(
            oracle.acknowledged_is_stored_once(ledger.attempts, stored),
            oracle.refused_has_no_effect(ledger.attempts, stored),
            oracle.store_is_in_order(stored),
        )
        assert len(stored) == 2 * CLIENTS
    siege.report("writes refused")
