"""PostgreSQL and Kafka in containers, if Docker runs and the images exist or can be pulled."""

import asyncio
import hashlib
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from deploy.stack import kafka, postgres
from deploy.stack.child import Child
from deploy.stack.errors import StackError
from deploy.stack.ports import HOST, require_free
from deploy.stack.providers import Provider, Say, Server, StartOptions, last_used

POSTGRES_IMAGE = "postgres:16"
KAFKA_VERSION = "4.3.1"
KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
ENGINE_SECONDS = 20
PULL_SECONDS = 300
REMOVE_SECONDS = 60
PROVIDER = "containers"
# The servers that may run in containers, by the last word of the names of their containers.
SERVERS = {"postgres": "PostgreSQL", "kafka": "Kafka"}
CONTROLLER_PORT = 19093
POSTGRES_DATA = "/var/lib/postgresql/data"
KAFKA_DATA = "/var/lib/kafka/data"


def postgres_providers() -> list[Provider]:
    return [Provider(PROVIDER, partial(_offered, POSTGRES_IMAGE), _postgres, keeps_data=True)]


def kafka_providers() -> list[Provider]:
    return [Provider(PROVIDER, partial(_offered, KAFKA_IMAGE), _kafka, keeps_data=True)]


def name(data_dir: Path, server: str) -> str:
    """Return the name of the container and of the volume of a data folder."""
    digest = hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:12]
    return f"customer-lifecycle-{digest}-{server}"


def remove_volumes(data_dir: Path) -> None:
    """Remove the volumes of a data folder, if there are any. Raise `StackError` if they stay."""
    names = [name(data_dir, each) for each, server in SERVERS.items() if last_used(data_dir, server) == PROVIDER]
    if not names:
        return
    remove = ["docker", "volume", "rm", "--force", *names]
    try:
        removed = subprocess.run(remove, capture_output=True, text=True, check=False, timeout=REMOVE_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _kept_volumes(names, str(error)) from error
    if removed.returncode != 0:
        raise _kept_volumes(names, removed.stderr.strip())


def kafka_environment(port: int) -> dict[str, str]:
    """Return the broker settings as environment variables of the image, such as KAFKA_NODE_ID for node.id."""
    lines = kafka.settings(port, CONTROLLER_PORT, Path(KAFKA_DATA)).splitlines()
    settings = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    # The broker listens on all addresses of the container; only 127.0.0.1 of the host is mapped to it.
    settings["listeners"] = f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://{HOST}:{CONTROLLER_PORT}"
    return {f"KAFKA_{key.upper().replace('.', '_')}": value for key, value in settings.items()}


async def _offered(image: str, say: Say) -> bool:
    # If the image is missing and cannot be pulled, the next provider is tried.
    if shutil.which("docker") is None or not await _succeeds("info", ENGINE_SECONDS):
        return False
    if await _succeeds(f"image inspect {image}", ENGINE_SECONDS):
        return True
    say(f"pulling {image}")
    return await _succeeds(f"pull {image}", PULL_SECONDS)


async def _succeeds(request: str, timeout_seconds: float) -> bool:
    command = ["docker", *request.split()]
    run = partial(subprocess.run, command, capture_output=True, check=False, timeout=timeout_seconds)
    try:
        return (await asyncio.to_thread(run)).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@asynccontextmanager
async def _postgres(options: StartOptions) -> AsyncIterator[Server]:
    require_free(options.port, "PostgreSQL")
    password = options.credentials.postgres_admin
    url = f"postgresql://{postgres.ADMIN}:{password}@{HOST}:{options.port}/postgres"
    server = Child(
        name="PostgreSQL",
        command=[
            *_docker_run(options, "postgres", f"{options.port}:5432", POSTGRES_DATA),
            *("-e", "POSTGRES_PASSWORD", "-e", "POSTGRES_INITDB_ARGS=--data-checksums"),
            *(POSTGRES_IMAGE, "-c", f"max_connections={postgres.MAX_CONNECTIONS}"),
        ],
        # Passed by environment, so that the password is not in the process list.
        environment={"POSTGRES_PASSWORD": password},
        log=options.data_dir / "logs" / "postgres.log",
        ready=partial(postgres.answers, url),
        # The client forwards the signal; SIGINT is PostgreSQL's fast shutdown.
        stop_signals=(signal.SIGINT, signal.SIGTERM, signal.SIGKILL),
    )
    await _remove_leftover(options, "postgres")
    await server.start()
    try:
        yield Server(url, f"PostgreSQL {await postgres.version(url)} (container)", children=(server,))
    finally:
        await server.stop()


@asynccontextmanager
async def _kafka(options: StartOptions) -> AsyncIterator[Server]:
    require_free(options.port, "Kafka")
    bootstrap = f"{HOST}:{options.port}"
    settings = [f"-e{key}={value}" for key, value in kafka_environment(options.port).items()]
    published = f"{options.port}:{options.port}"
    broker = Child(
        name="Kafka",
        command=[*_docker_run(options, "kafka", published, KAFKA_DATA), *settings, KAFKA_IMAGE],
        log=options.data_dir / "logs" / "kafka.log",
        ready=partial(kafka.answers, bootstrap),
    )
    await _remove_leftover(options, "kafka")
    await broker.start()
    try:
        yield Server(bootstrap, f"Apache Kafka {KAFKA_VERSION} (KRaft, container)", children=(broker,))
    finally:
        await broker.stop()


def _docker_run(options: StartOptions, server: str, published: str, data: str) -> list[str]:
    named = name(options.data_dir, server)
    return ["docker", "run", "--rm", "--name", named, "-p", f"{HOST}:{published}", "-v", f"{named}:{data}"]


def _kept_volumes(names: Sequence[str], reason: str) -> StackError:
    volumes = " ".join(names)
    return StackError(
        f"The volumes of the containers could not be removed: {volumes}. Nothing else was deleted.\n{reason}",
        f"无法删除容器的数据卷：{volumes}。其他数据均未删除。\n{reason}",
    )


async def _remove_leftover(options: StartOptions, server: str) -> None:
    # If the stack was killed, its container still runs and blocks the name.
    await _succeeds(f"rm --force {name(options.data_dir, server)}", ENGINE_SECONDS)
