"""A deployment: service processes on a test's own databases and topics, which can be killed, frozen and restarted."""

import asyncio
import contextlib
import itertools
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import httpx

from chassis.postgres.database import Pool, open_pool
from contracts.topics import CUSTOMER_EVENTS, Topic
from deploy.stack import ports, tokens
from deploy.stack.child import Child
from deploy.stack.errors import StackError
from deploy.stack.layout import AUDIENCE
from deploy.stack.ports import HOST, free_port
from tests.support.servers import Database, Servers
from tests.support.waiting import eventually

PROJECT = Path(__file__).parents[3]
PROBE_SECONDS = 10.0
# Inserts an event without the event store: customer, type, state.
INSERT_EVENT = """
    INSERT INTO event (position, stream_id, version, subject, type, state, recorded_at)
    SELECT position + 1, $1, 1, $1, $2, $3, clock_timestamp() FROM store_head
"""
EXPIRE_LEASE = "UPDATE relay_lease SET expires_at = '-infinity'"
ALL_PUBLISHED = "SELECT c.position = h.position FROM relay_cursor c, store_head h"
ALL_LISTED = """
    SELECT p.position = h.position FROM consumer_position p, store_head h
    WHERE p.consumer = 'customer-list' AND p.topic = 'own'
"""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The development token issuer as a process, and tokens signed with its key."""

    url: str
    data_dir: Path

    def headers(self, subject: str = "ops", role: str = "ops") -> dict[str, str]:
        token = tokens.mint(tokens.signer(self.data_dir, self.url), subject, [role])
        return {"Authorization": f"Bearer {token}"}

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CARE_ISSUER": self.url,
            "CARE_AUDIENCE": AUDIENCE,
            "CARE_JWKS_URL": f"{self.url}/.well-known/jwks.json",
            "CARE_PSEUDONYM_KEY": "k" * 32,
        }


@asynccontextmanager
async def issuer_process(data_dir: Path) -> AsyncIterator[Issuer]:
    port = free_port()
    issuer = Issuer(f"http://{HOST}:{port}", data_dir)
    command = [sys.executable, "-m", "deploy.stack.issuer", str(data_dir), str(port)]
    child = Child("issuer", command, data_dir / "issuer.log", partial(is_ready_at, issuer.url), folder=PROJECT)
    await child.start()
    try:
        yield issuer
    finally:
        await child.stop()


async def is_ready_at(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=PROBE_SECONDS, trust_env=False) as client:
            return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@dataclass
class Process:
    """One service process, which can be restarted. `in_rotation` says whether a load balancer would use it."""

    child: Child
    url: str
    in_rotation: bool = True

    def log_entries(self, event: str) -> list[dict[str, Any]]:
        """Return the log entries of this event name."""
        lines = self.child.log.read_text().splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in entries if line.get("event") == event]

    async def kill(self) -> None:
        self.child.send(signal.SIGKILL)
        await self.child.wait()

    async def terminate(self) -> int:
        self.child.send(signal.SIGTERM)
        return await self.child.wait()

    def freeze(self) -> None:
        self.child.send(signal.SIGSTOP)

    def thaw(self) -> None:
        self.child.send(signal.SIGCONT)

    async def replace_build(self, module: str) -> None:
        """Stop the process gracefully, and start another build in its place."""
        await self.terminate()
        self.child.command = [sys.executable, "-m", module, *self.child.command[3:]]
        await self.restart()

    async def restart(self) -> None:
        """Start the process again, without a crash point."""
        self.child.environment = {**self.child.environment, "CARE_CRASH_AT": ""}
        await self.child.start()


@dataclass
class Deployment:
    """The services of one test, with fresh databases and its own topics."""

    servers: Servers
    issuer: Issuer
    folder: Path
    prefix: str = field(default_factory=lambda: f"f{uuid4().hex[:8]}")
    processes: list[Process] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def bootstrap(self) -> str:
        return self.servers.infrastructure.kafka_bootstrap

    @property
    def topic(self) -> Topic:
        return self.own(CUSTOMER_EVENTS)

    def own(self, topic: Topic) -> Topic:
        """Return this test's copy of a topic of the product."""
        return replace(topic, name=f"{self.prefix}.{topic.name}")

    async def start(
        self,
        service: str,
        role: str,
        database_url: str,
        *,
        crash_at: str = "",
        bootstrap: str = "",
        fault: Mapping[str, str] = MappingProxyType({}),
    ) -> Process:
        """Start a role of `service` and return once it is ready. `fault` is added to the worker's environment."""
        port = free_port()
        url = f"http://{HOST}:{port}"
        environment = {
            **self.issuer.environment,
            "CARE_DATABASE_URL": database_url,
            "CARE_KAFKA_BOOTSTRAP": bootstrap or self.bootstrap,
            "CARE_HOST": HOST,
            "CARE_PORT": str(port),
            "CARE_CRASH_AT": crash_at,
            **fault,
        }
        command = [sys.executable, "-m", "tests.faults.support.worker", self.prefix, service, role]
        log = self.folder / f"{service}-{role}-{next(self._numbers)}.log"
        # A health request could trigger the crash, so with a crash point only the port is checked.
        ready = partial(answers, port) if crash_at else partial(is_ready_at, f"{url}/readyz")
        child = Child(f"{service} {role}", command, log, ready, environment, PROJECT)
        process = Process(child, url)
        self.processes.append(process)
        await child.start()
        return process

    async def close(self) -> None:
        for process in self.processes:
            process.thaw()
            await process.kill()


async def answers(port: int) -> bool:
    return await asyncio.to_thread(ports.answers, port)


async def keep_running_process(process: Process, database: Database) -> None:
    """Restart a process whenever it ends, until cancelled."""
    while True:
        await process.child.wait()
        await expire_lease(database)
        with contextlib.suppress(StackError):
            await process.restart()


async def expire_lease(database: Database) -> None:
    """Expire the lease of a dead relay."""
    await as_admin(database, EXPIRE_LEASE)


async def as_admin(database: Database, statement: str, *arguments: object) -> None:
    admin = await asyncpg.connect(database.admin)
    try:
        await admin.execute(statement, *arguments)
    finally:
        await admin.close()


async def wait_until_true(pool: Pool, *conditions: str) -> None:
    """Wait until every statement returns true."""

    async def holds() -> bool:
        return all([await pool.fetchval(condition) for condition in conditions])

    await eventually(holds)


def via_port(url: str, port: int) -> str:
    """Return `url` with the port of a proxy."""
    parts = urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}@{HOST}:{port}"))


def host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or HOST, parts.port or 5432


@asynccontextmanager
async def pool_at(url: str, *, size: int = 10) -> AsyncIterator[Pool]:
    opened = await open_pool(url, size=size, application_name="faults")
    try:
        yield opened
    finally:
        opened.terminate()
