"""PostgreSQL and Kafka in containers, where an engine answers and has their images or can pull them."""

import asyncio
import hashlib
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from deploy.stack import kafka, postgres
from deploy.stack.child import Child
from deploy.stack.ladder import Premises, Rung, Say, Server
from deploy.stack.ports import HOST, require_free

POSTGRES_IMAGE = "postgres:16"
KAFKA_VERSION = "4.3.1"
KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
ENGINE_SECONDS = 20
PULL_SECONDS = 300
CONTROLLER_PORT = 19093
POSTGRES_DATA = "/var/lib/postgresql/data"
KAFKA_DATA = "/var/lib/kafka/data"


def postgres_rungs() -> list[Rung]:
    return [Rung("containers", partial(_offered, POSTGRES_IMAGE), _postgres, keeps_data=True)]


def kafka_rungs() -> list[Rung]:
    return [Rung("containers", partial(_offered, KAFKA_IMAGE), _kafka, keeps_data=True)]


def name(data_dir: Path, server: str) -> str:
    """Return the name of the container of a data folder, and of the volume that outlives it."""
    place = hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:12]
    return f"customer-lifecycle-{place}-{server}"


def forget(data_dir: Path) -> None:
    """Remove the volumes of a data folder, if an engine holds any."""
    if shutil.which("docker"):
        names = [name(data_dir, server) for server in ("postgres", "kafka")]
        subprocess.run(["docker", "volume", "rm", *names], capture_output=True, check=False, timeout=60)


def kafka_environment(port: int) -> dict[str, str]:
    """Return our broker settings as the image takes them: KAFKA_, capitals, and _ for each dot."""
    lines = kafka.settings(port, CONTROLLER_PORT, Path(KAFKA_DATA)).splitlines()
    settings = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    # Inside the container it listens to all addresses; outside, only 127.0.0.1 is mapped to it.
    settings["listeners"] = f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://{HOST}:{CONTROLLER_PORT}"
    return {f"KAFKA_{key.upper().replace('.', '_')}": value for key, value in settings.items()}


async def _offered(image: str, say: Say) -> bool:
    # An engine without the image, and without a way to it, is no use; the next way is tried then.
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
async def _postgres(premises: Premises) -> AsyncIterator[Server]:
    require_free(premises.port, "PostgreSQL")
    password = premises.credentials.postgres_admin
    url = f"postgresql://{postgres.ADMIN}:{password}@{HOST}:{premises.port}/postgres"
    server = Child(
        name="PostgreSQL",
        command=[
            *_docker_run(premises, "postgres", f"{premises.port}:5432", POSTGRES_DATA),
            *("-e", "POSTGRES_PASSWORD", "-e", "POSTGRES_INITDB_ARGS=--data-checksums"),
            *(POSTGRES_IMAGE, "-c", f"max_connections={postgres.MAX_CONNECTIONS}"),
        ],
        # Named without a value above, so that the password is in no list of processes.
        environment={"POSTGRES_PASSWORD": password},
        log=premises.data_dir / "logs" / "postgres.log",
        ready=partial(postgres.answers, url),
        # The client hands the signal on; SIGINT is PostgreSQL's fast shutdown.
        stop_signals=(signal.SIGINT, signal.SIGTERM, signal.SIGKILL),
    )
    await _remove_leftover(premises, "postgres")
    await server.start()
    try:
        yield Server(url, f"PostgreSQL {await postgres.version(url)} (container)", children=(server,))
    finally:
        await server.stop()


@asynccontextmanager
async def _kafka(premises: Premises) -> AsyncIterator[Server]:
    require_free(premises.port, "Kafka")
    bootstrap = f"{HOST}:{premises.port}"
    settings = [f"-e{key}={value}" for key, value in kafka_environment(premises.port).items()]
    published = f"{premises.port}:{premises.port}"
    broker = Child(
        name="Kafka",
        command=[*_docker_run(premises, "kafka", published, KAFKA_DATA), *settings, KAFKA_IMAGE],
        log=premises.data_dir / "logs" / "kafka.log",
        ready=partial(kafka.answers, bootstrap),
    )
    await _remove_leftover(premises, "kafka")
    await broker.start()
    try:
        yield Server(bootstrap, f"Apache Kafka {KAFKA_VERSION} (KRaft, container)", children=(broker,))
    finally:
        await broker.stop()


def _docker_run(premises: Premises, server: str, published: str, data: str) -> list[str]:
    named = name(premises.data_dir, server)
    return ["docker", "run", "--rm", "--name", named, "-p", f"{HOST}:{published}", "-v", f"{named}:{data}"]


async def _remove_leftover(premises: Premises, server: str) -> None:
    # A container outlives its client when the whole stack was killed; its name would be in the way.
    await _succeeds(f"rm --force {name(premises.data_dir, server)}", ENGINE_SECONDS)
