"""Creates the roles and databases of the four services, with their privileges."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from asyncpg import Connection, Record

from deploy.stack.credentials import Credentials

SERVICES = ("customer", "followup", "alerts", "reporting")
BOOTSTRAP = Path(__file__).parents[1] / "bootstrap.sql"
MIGRATOR = "care_migrator"
BI_READER, BI_BUILDER = "bi_reader", "bi_builder"
CONNECT_SECONDS = 10.0
# The key of the advisory lock, the same for all processes that prepare databases on one cluster.
ROLES_LOCK = 7_283_101

# format() quotes the identifiers, so no name can inject SQL.
SET_PASSWORD = "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)"  # noqa: S105 - SQL.
CREATE_DATABASE = "SELECT format('CREATE DATABASE %I OWNER %I', $1::text, $2::text)"
REVOKE_PUBLIC = "SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $1::text)"
GRANT_SERVICE = "SELECT format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', $1::text, $2::text)"
GRANT_BI_READER = "SELECT format('GRANT CONNECT ON DATABASE %I TO %I', $1::text, $2::text)"
GRANT_BI_BUILDER = "SELECT format('GRANT CONNECT, TEMPORARY, CREATE ON DATABASE %I TO %I', $1::text, $2::text)"
EXISTS = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """Addresses by service, `app` to run it and `migrator` to migrate it; `bi_reader` and `bi_builder` for BI."""

    app: Mapping[str, str]
    migrator: Mapping[str, str]
    bi_reader: str
    bi_builder: str


async def prepare(admin_url: str, credentials: Credentials, suffix: str = "") -> DatabaseUrls:
    """Create missing roles and databases. It is safe to repeat and to run concurrently.

    A suffix selects other databases (care_customer_t1); roles always belong to the whole cluster.
    """
    admin = await asyncpg.connect(admin_url, timeout=CONNECT_SECONDS)
    try:
        await _make_roles(admin, credentials)
        for service in SERVICES:
            await _make_database(admin, f"care_{service}{suffix}", f"care_{service}")
        await _run(admin, GRANT_BI_READER, f"care_reporting{suffix}", BI_READER)
        await _run(admin, GRANT_BI_BUILDER, f"care_reporting{suffix}", BI_BUILDER)
    finally:
        await admin.close()
    return urls(admin_url, credentials, suffix)


def urls(admin_url: str, credentials: Credentials, suffix: str = "") -> DatabaseUrls:
    """Return the addresses of the databases in the cluster at `admin_url`."""

    def url(role: str, service: str) -> str:
        place = urlsplit(admin_url)
        host = f"[{place.hostname}]" if ":" in str(place.hostname) else place.hostname
        address = f"{role}:{credentials.roles[role]}@{host}:{place.port or 5432}"
        return urlunsplit((place.scheme, address, f"/care_{service}{suffix}", place.query, ""))

    return DatabaseUrls(
        app={service: url(f"care_{service}", service) for service in SERVICES},
        migrator={service: url(MIGRATOR, service) for service in SERVICES},
        bi_reader=url(BI_READER, "reporting"),
        bi_builder=url(BI_BUILDER, "reporting"),
    )


async def _make_roles(admin: "Connection[Record]", credentials: Credentials) -> None:
    async with admin.transaction():
        # Concurrent changes of roles fail with errors on catalogue rows, so they run one at a time.
        await admin.execute("SELECT pg_advisory_xact_lock($1)", ROLES_LOCK)
        await admin.execute(BOOTSTRAP.read_text())
        for role, password in credentials.roles.items():
            await _run(admin, SET_PASSWORD, role, password)


async def _make_database(admin: "Connection[Record]", database: str, role: str) -> None:
    if not await admin.fetchval(EXISTS, database):
        await _run(admin, CREATE_DATABASE, database, MIGRATOR)
    await _run(admin, REVOKE_PUBLIC, database)
    await _run(admin, GRANT_SERVICE, database, role)


async def _run(admin: "Connection[Record]", statement: str, *names: str) -> None:
    await admin.execute(await admin.fetchval(statement, *names))
