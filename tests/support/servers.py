"""Real servers for tests: one PostgreSQL and one Kafka for the whole run, and fresh databases on request."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from chassis.migrate import migrate
from chassis.postgres.database import UNAVAILABLE
from deploy.stack import credentials
from deploy.stack.databases import DatabaseUrls
from deploy.stack.infrastructure import Infrastructure, infrastructure, prepare_databases
from deploy.stack.schemas import SCHEMAS
from tests.support import containers


@dataclass(frozen=True, slots=True)
class Database:
    """A database with the schema of a service; `app` is the URL with the role of the service."""

    app: str
    admin: str
    bi_reader: str
    bi_builder: str


@dataclass
class Servers:
    """The running servers, and a template database for every service."""

    infrastructure: Infrastructure
    templates: DatabaseUrls
    _migrated: set[str] = field(default_factory=set)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def database(self, service: str) -> Database:
        """Copy the migrated template of `service`: a fresh database in a tenth of a second."""
        if service not in self._migrated:
            await asyncio.to_thread(migrate, SCHEMAS[service], self.templates.migrator[service])
            self._migrated.add(service)
        name = f"care_{service}_{next(self._numbers)}"
        await self._ask(f"CREATE DATABASE {name} TEMPLATE care_{service} OWNER care_migrator")
        logins = self.templates.bi_reader, self.templates.bi_builder
        urls = (self.templates.app[service], self.infrastructure.postgres_admin_url, *logins)
        return Database(*(at(url, name) for url in urls))

    @asynccontextmanager
    async def passing(self, service: str) -> AsyncIterator[Database]:
        """Yield a database and drop it after the test. A thousand databases would take ten gigabytes."""
        made = await self.database(service)
        yield made
        # Where the server is away, or somebody does not let go, it stays.
        with suppress(*UNAVAILABLE, asyncpg.ObjectInUseError):
            await self._ask(f"DROP DATABASE {urlsplit(made.admin).path[1:]} WITH (FORCE)")

    async def set_fsync(self, *, on: bool) -> None:
        """Let PostgreSQL wait for the disk, or not. A server that we have not started keeps its setting.

        Without it, commits survive a crash of PostgreSQL, but not of the machine, which no test crashes.
        """
        if "PostgreSQL" in {child.name for child in self.infrastructure.children}:
            await self._ask(f"ALTER SYSTEM SET fsync = {'on' if on else 'off'}")
            await self._ask("SELECT pg_reload_conf()")

    async def _ask(self, statement: str) -> None:
        admin = await asyncpg.connect(self.infrastructure.postgres_admin_url)
        try:
            await admin.execute(statement)
        finally:
            await admin.close()


def at(url: str, database: str) -> str:
    """Return `url` with another database's name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@asynccontextmanager
async def servers(data_dir: Path) -> AsyncIterator[Servers]:
    """Start the servers: in containers if CARE_TEST_SERVERS says so, otherwise by the best provider of this machine."""
    start = containers.infrastructure if containers.are_requested() else infrastructure
    async with start(data_dir) as running:
        templates = await prepare_databases(running, credentials.load(data_dir))
        yield Servers(running, templates)
