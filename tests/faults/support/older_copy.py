"""Replaces the database of the customer service by an older copy, and does what an operator must do then.

The steps are those of docs/operations.md, "A database is lost": the other three databases are not restored.
"""

import re
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple
from functools import partial
from urllib.parse import urlsplit

import asyncpg

from chassis.publish.topic_check import last_events
from deploy.stack import command
from deploy.stack.errors import StackError
from tests.faults.support import evidence, oracle, stepped_clock
from tests.faults.support.deployment import PROJECT, as_admin, pool_at
from tests.faults.support.soak_field import DICE, Field, Restored
from tests.faults.support.soak_probes import readiness_names
from tests.support.servers import Database, at
from tests.support.waiting import eventually

# The commands that their senders send again after a restore; the others stay lost.
SENT_AGAIN = 200
END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"


async def take_a_copy(of: Field) -> None:
    """Copy the database while nobody is connected: the copy has all that was recorded before, and nothing else."""
    async with of.starting, nobody_connected(of):
        await copy_database(of, name_of(of.database), name_of(copy_of(of)))
        of.copied = [fact.id for fact in await events_of(copy_of(of))]


async def restore_an_older_copy(of: Field) -> None:
    """Replace the database by the copy, declare it, and rebuild the read models that were ahead."""
    async with of.starting:
        began = time.perf_counter()
        await of.stop()
        lost = [str(fact.metadata.correlation_id) for fact in await events_of(of.database, after=len(of.copied))]
        of.load.ledger.restored(set(lost))
        await copy_database(of, name_of(copy_of(of)), name_of(of.database))
        await as_admin(of.database, f"DROP DATABASE {name_of(copy_of(of))}")
        await as_admin(of.database, stepped_clock.USE)
        await the_copy_is_noticed(of)
        to_rebuild = await declare(of)
        await of.start()
        seconds = time.perf_counter() - began
    await eventually(lambda: topic_is_filled(of))
    for name in to_rebuild:
        await rebuild(of, name)
    again = DICE.sample(lost, min(SENT_AGAIN, len(lost) // 2))
    for each in again:
        await of.load.until_known(of.load.sent[each])
    of.restored.append(Restored(lost, seconds, len(again)))


async def the_copy_is_noticed(of: Field) -> None:
    """Start a process on the copy: it accepts nothing, and a restore cannot be declared while it runs."""
    child = of.steady.child
    is_ready, child.ready = child.ready, partial(readiness_names, of.steady.url, "but its store ends at")
    await child.start()
    refusal = await refused(of, "deploy.restore", "declare")
    await child.stop()
    child.ready = is_ready
    assert "Stop all services first" in refusal
    assert [fact.id for fact in await events_of(of.database)] == of.copied


async def declare(of: Field) -> Sequence[str]:
    """Declare the restore, and set back the databases whose consumers were ahead. Return which ones to rebuild."""
    refusal = await refused(of, "deploy.restore", "declare")
    ahead: list[str] = re.findall(r"--set-back (\w+)", refusal)
    assert set(ahead) == set(of.reading), refusal
    said = await operate(of, "deploy.restore", "declare", *(word for name in ahead for word in ("--set-back", name)))
    to_rebuild: list[str] = re.findall(r"python -m services\.(\w+) rebuild", said)
    # What is derived from a fact log is right without a rebuild.
    assert set(to_rebuild) == set(ahead) - {"alerts", "reporting"}, said
    return to_rebuild


async def rebuild(of: Field, name: str) -> None:
    (process,) = [each for each in of.readers if each.child.name.startswith(name)]
    owner = {"CARE_MIGRATOR_URL": owner_urls(of)[name]}
    await operate(of, f"services.{name}", "rebuild", environment={**process.child.environment, **owner})


async def refused(of: Field, module: str, *arguments: str) -> str:
    """Run a command of the operator that must fail; return what it says."""
    try:
        await operate(of, module, *arguments)
    except StackError as error:
        return str(error)
    raise AssertionError(f"{module} was not refused")


async def operate(of: Field, module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a command of the operator; return what it prints."""
    urls = {f"CARE_{name.upper()}_MIGRATOR_URL": url for name, url in owner_urls(of).items()}
    kept = ("--erasures-file", str(of.deployment.folder / "erasures.jsonl")) if "declare" in arguments else ()
    return await command.run(
        [sys.executable, "-m", "tests.faults.support.operation", of.deployment.prefix, module, *arguments, *kept],
        failing=module,
        environment={**urls, "CARE_KAFKA_BOOTSTRAP": of.deployment.bootstrap, **(environment or {})},
        folder=PROJECT,
    )


def owner_urls(of: Field) -> dict[str, str]:
    owners = of.deployment.servers.templates.migrator
    return {name: at(owners[name], name_of(each)) for name, each in {"customer": of.database, **of.reading}.items()}


async def topic_is_filled(of: Field) -> bool:
    found = await last_events(of.deployment.bootstrap, of.deployment.topic)
    return max((event.position for event in found.values()), default=0) >= len(of.copied)


async def events_of(database: Database, *, after: int = 0) -> oracle.Facts:
    async with pool_at(database.app) as pool:
        return await evidence.stored(pool, after=after)


@asynccontextmanager
async def nobody_connected(of: Field) -> AsyncIterator[None]:
    await of.to_database.down()
    try:
        yield
    finally:
        await of.to_database.up()


async def copy_database(of: Field, source: str, target: str) -> None:
    """Replace `target` by a copy of `source`."""
    admin = await asyncpg.connect(of.deployment.servers.infrastructure.postgres_admin_url)
    try:
        await admin.execute(END_SESSIONS, source)
        await admin.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {target} TEMPLATE {source} OWNER care_migrator")
    finally:
        await admin.close()


def copy_of(of: Field) -> Database:
    name = f"{name_of(of.database)}_copy"
    return Database(*(at(url, name) for url in astuple(of.database)))


def name_of(database: Database) -> str:
    return urlsplit(database.admin).path[1:]
