"""The processes of the soak, which faults stop and which are started again, and what is measured of them."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx

from deploy.stack.errors import StackError
from deploy.stack.ports import HOST
from tests.bench.harness.measuring import percentile
from tests.bench.harness.processes import resident_megabytes_of
from tests.faults.support import stepped_clock
from tests.faults.support.deployment import (
    Deployment,
    Process,
    as_admin,
    expire_lease,
    host_and_port,
    via_port,
)
from tests.faults.support.ledger import Ledger, Outcome, Reply
from tests.faults.support.load import Load, Mix, Order, sender
from tests.faults.support.proxy import Proxy, proxy_to, proxy_to_kafka
from tests.support.servers import Database
from tests.support.waiting import background

SAMPLE_SECONDS = 10.0
DICE = random.Random(49)  # noqa: S311 - repeatable, not secret


@dataclass
class Sample:
    """The memory of the process that no fault kills, and the recent command durations."""

    megabytes: float
    descriptors: int
    p50: float
    p99: float


@dataclass
class Restored:
    """What a restore did: the commands that the store lost, and for how long no process ran or accepted any.

    `sent_again`: how many of the lost commands their senders sent again.
    """

    lost: Sequence[str]
    seconds: float
    sent_again: int


@dataclass
class Field:
    """Two processes of the customer service and one of each other service, behind proxies.

    Whoever holds `starting` decides which processes run. `stretches`: the samples of `steady` since each of its starts.
    `copied`: the events of the last copy of the database.
    """

    deployment: Deployment
    steady: Process
    victim: Process
    readers: Sequence[Process]
    database: Database
    reading: Mapping[str, Database]
    to_database: Proxy
    to_kafka: Proxy
    load: Load = field(init=False)
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_stopped: bool = False
    took: list[float] = field(default_factory=list)
    stretches: list[list[Sample]] = field(default_factory=lambda: [[]])
    faults: list[str] = field(default_factory=list)
    copied: Sequence[UUID] = ()
    restored: list[Restored] = field(default_factory=list)

    @property
    def victims(self) -> Sequence[Process]:
        return self.victim, *self.readers

    @property
    def processes(self) -> Sequence[Process]:
        return self.steady, *self.victims

    @property
    def samples(self) -> Sequence[Sample]:
        """The longest stretch of samples of one process."""
        return max(self.stretches, key=len)

    def next_up(self) -> str:
        return DICE.choice((self.steady, self.victim)).url

    def use(self, client: httpx.AsyncClient, ledger: Ledger, mix: Mix) -> Load:
        """Return the load for both processes of the customer service. It notes how long each command takes."""
        send = sender(client, self.next_up)

        async def send_and_note(order: Order) -> Reply:
            began = time.perf_counter()
            reply = await send(order)
            if reply.outcome is Outcome.ACKED:
                self.took.append(time.perf_counter() - began)
            return reply

        self.load = Load(send_and_note, ledger, mix)
        return self.load

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            if not self.is_stopped:
                self.sample()

    def sample(self) -> None:
        assert self.steady.child.process is not None
        process = Path("/proc") / str(self.steady.child.process.pid)
        took, self.took = self.took or [SAMPLE_SECONDS], []
        descriptors = len(list((process / "fd").iterdir()))
        self.stretches[-1].append(
            Sample(resident_megabytes_of(process), descriptors, percentile(took, 0.5), percentile(took, 0.99))
        )

    async def keep_running(self, process: Process) -> None:
        """Start a process again whenever it ends, until cancelled."""
        while True:
            await process.child.wait()
            async with self.starting:
                if not process.child.running:
                    await expire_lease(self.database)
                    with contextlib.suppress(StackError):
                        await process.restart()

    async def stop(self) -> None:
        """Stop all processes. They stay stopped while the caller holds `starting`."""
        self.is_stopped = True
        await asyncio.gather(*(process.child.stop() for process in self.processes))

    async def start(self) -> None:
        await asyncio.gather(*(process.restart() for process in self.processes))
        self.stretches.append([])
        self.is_stopped = False


@asynccontextmanager
async def field_of(deployment: Deployment, database: Database, reading: Mapping[str, Database]) -> AsyncIterator[Field]:
    """Start the processes. The clock of the database can be stepped."""
    await as_admin(database, stepped_clock.PREPARE)
    await as_admin(database, stepped_clock.USE)
    async with proxy_to(*host_and_port(database.app)) as to_database, proxy_to_kafka(deployment.bootstrap) as to_kafka:
        url, bootstrap = via_port(database.app, to_database.port), f"{HOST}:{to_kafka.port}"
        steady, victim = [await deployment.start("customer", "all", url, bootstrap=bootstrap) for _ in range(2)]
        readers = [await deployment.start(name, "all", of.app, bootstrap=bootstrap) for name, of in reading.items()]
        made = Field(deployment, steady, victim, readers, database, reading, to_database, to_kafka)
        async with background(*(partial(made.keep_running, each) for each in made.victims)):
            yield made
