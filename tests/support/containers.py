"""PostgreSQL and Kafka for the tests in containers, by testcontainers: CARE_TEST_SERVERS=containers."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from docker.errors import DockerException
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from deploy.stack import containers, credentials, kafka, postgres
from deploy.stack.errors import StackError
from deploy.stack.infrastructure import Infrastructure
from deploy.stack.ports import HOST, free_port
from tests.support.waiting import eventually

Server = TypeVar("Server", bound=DockerContainer)
STARTED = "Kafka Server started"
START_SECONDS = 300
VARIABLE = "CARE_TEST_SERVERS"
CONTAINERS = "containers"


def are_requested() -> bool:
    """Return whether the servers shall be containers. Raise `StackError` for another value."""
    requested = os.environ.get(VARIABLE)
    if requested not in {None, CONTAINERS}:
        raise StackError(f"{VARIABLE} is {requested!r}; it may be {CONTAINERS!r} only.")
    return requested == CONTAINERS


@asynccontextmanager
async def infrastructure(data_dir: Path) -> AsyncIterator[Infrastructure]:
    """Run both servers on loopback. Raise `StackError` where no container engine answers."""
    password = credentials.load(data_dir).postgres_admin
    postgres_port, kafka_port = free_port(), free_port()
    try:
        database, broker = postgres_container(postgres_port, password), kafka_container(kafka_port)
    except DockerException as error:
        raise StackError(
            f"{VARIABLE}={CONTAINERS}, but no container engine answers. Start one, or name one in DOCKER_HOST: {error}"
        ) from error
    url, bootstrap = f"postgresql://{postgres.ADMIN}:{password}@{HOST}:{postgres_port}/postgres", f"{HOST}:{kafka_port}"
    with database, broker:
        await eventually(partial(postgres.answers, url))
        await eventually(partial(kafka.answers, bootstrap))
        yield Infrastructure(
            postgres_admin_url=url,
            postgres_label=f"PostgreSQL {await postgres.version(url)} (testcontainers)",
            kafka_bootstrap=bootstrap,
            kafka_label=f"Apache Kafka {containers.KAFKA_VERSION} (KRaft, testcontainers)",
            kafka_genuine=True,
        )


def postgres_container(port: int, password: str) -> PostgresContainer:
    server = PostgresContainer(containers.POSTGRES_IMAGE, username=postgres.ADMIN, password=password, dbname="postgres")
    server.with_env("POSTGRES_INITDB_ARGS", "--data-checksums")
    server.with_command(f"-c max_connections={postgres.MAX_CONNECTIONS}")
    return on_loopback(server, server.port, port)


def kafka_container(port: int) -> DockerContainer:
    server = DockerContainer(containers.KAFKA_IMAGE)
    for name, value in containers.kafka_environment(port).items():
        server.with_env(name, value)
    # The published port accepts connections before the broker does.
    server.waiting_for(LogMessageWaitStrategy(STARTED).with_startup_timeout(START_SECONDS))
    return on_loopback(server, port, port)


def on_loopback(server: Server, inside: int, outside: int) -> Server:
    """Publish a port of the container on 127.0.0.1 only. The library's own method publishes on all addresses."""
    server.ports[str(inside)] = (HOST, outside)  # type: ignore[assignment] # What it is handed to takes pairs.
    return server
