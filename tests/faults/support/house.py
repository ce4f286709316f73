"""Services as processes on databases and topics of one test's own, to be killed, frozen and started again."""

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
from deploy.stack.ports import HOST, free_port
from tests.support.servers import Database, Servers
from tests.support.waiting import eventually

PROJECT = Path(__file__).parents[3]
PROBE_SECONDS = 10.0
# Puts a row into the store behind its back: customer, type, state.
PLANT = """
    WITH head AS (UPDATE store_head SET position = position + 1 RETURNING position, recorded_at)
    INSERT INTO event (position, stream_id, version, subject, type, state, recorded_at)
    SELECT position, $1, 1, $1, $2, $3, recorded_at FROM head
"""
EXPIRE_LEASE = "UPDATE relay_lease SET expires_at = '-infinity'"
ALL_PUBLISHED = "SELECT c.position = h.position FROM relay_cursor c, store_head h"
ALL_LISTED = """
    SELECT p.position = h.position FROM consumer_position p, store_head h
    WHERE p.consumer = 'customer-list' AND p.topic = 'own'
"""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The development issuer, as a process, and tokens that it would have given."""

    url: str
    data_dir: Path

    def headers(self, subject: str = "ops", role: str = "ops") -> dict[str, str]:
        token = tokens.mint(tokens.signer(self.data_dir, self.url), subject, [role])
        return {"Authorization": f"Bearer {token}"}

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CARE_ISSUER": self.url,
            "CARE_AUDIENCE": tokens.AUDIENCE,
            "CARE_JWKS_URL": f"{self.url}/.well-known/jwks.json",
            "CARE_PSEUDONYM_KEY": "k" * 32,
        }


@asynccontextmanager
async def issuer_process(data_dir: Path) -> AsyncIterator[Issuer]:
    port = free_port()
    issuer = Issuer(f"http://{HOST}:{port}", data_dir)
    command = [sys.executable, "-m", "deploy.stack.issuer", str(data_dir), str(port)]
    child = Child("issuer", command, data_dir / "issuer.log", partial(says_yes, issuer.url), folder=PROJECT)
    await child.start()
    try:
        yield issuer
    finally:
        await child.stop()


async def says_yes(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=PROBE_SECONDS, trust_env=False) as client:
            return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@dataclass
class Process:
    """One service process, which can be made to run again. `taking` is what a load balancer knows of it."""

    child: Child
    url: str
    taking: bool = True

    def said(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of its log that are called `event`."""
        lines = self.child.log.read_text().splitlines()
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in told if line.get("event") == event]

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

    async def become(self, module: str) -> None:
        """Stop it as a deployment would, and start another build in its place."""
        await self.terminate()
        self.child.command = [sys.executable, "-m", module, *self.child.command[3:]]
        await self.again()

    async def again(self) -> None:
        """Start it once more, healthy."""
        self.child.environment = {**self.child.environment, "CARE_CRASH_AT": ""}
        await self.child.start()


@dataclass
class House:
    """One test's services: fresh databases, topics that nobody else has."""

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
        """Start a role of `service` and return once it is ready. `fault` is told to the worker."""
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
        # A request for its health could be what it dies of, so then only its door is tried.
        ready = partial(answers, port) if crash_at else partial(says_yes, f"{url}/readyz")
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


async def keep_up(process: Process, database: Database) -> None:
    """Start a process again whenever it ends, as a machine's supervisor does. Ends by cancellation."""
    while True:
        await process.child.wait()
        await expire_lease(database)
        with contextlib.suppress(StackError):
            await process.again()


async def expire_lease(database: Database) -> None:
    """Let the time pass that a dead relay's lease still has to run."""
    await as_admin(database, EXPIRE_LEASE)


async def as_admin(database: Database, statement: str, *arguments: object) -> None:
    admin = await asyncpg.connect(database.admin)
    try:
        await admin.execute(statement, *arguments)
    finally:
        await admin.close()


async def quiet(pool: Pool, *conditions: str) -> None:
    """Wait until every statement answers true."""

    async def holds() -> bool:
        return all([await pool.fetchval(condition) for condition in conditions])

    await eventually(holds)


def through(url: str, port: int) -> str:
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
