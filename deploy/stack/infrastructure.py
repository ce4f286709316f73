"""Starts PostgreSQL and Kafka for a data folder, each by the best provider that this machine offers."""

import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.stack import containers, credentials, databases, environment, kafka, postgres, providers, tansu
from deploy.stack.child import Child
from deploy.stack.credentials import Credentials
from deploy.stack.databases import DatabaseUrls
from deploy.stack.ports import HOST, free_port
from deploy.stack.providers import Say, StartOptions

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """The running servers. `children` are the processes that we started.

    `kafka_genuine` is False for a substitute with weaker guarantees than Apache Kafka.
    """

    postgres_admin_url: str
    postgres_label: str
    kafka_bootstrap: str
    kafka_label: str
    kafka_genuine: bool
    children: tuple[Child, ...] = ()


@asynccontextmanager
async def infrastructure(
    data_dir: Path,
    *,
    postgres_port: int | None = None,
    kafka_port: int | None = None,
    say: Say = _log.info,
) -> AsyncIterator[Infrastructure]:
    """Start the servers that do not run yet, and stop them at the end. The data stays in `data_dir`.

    A port of None selects any free port.
    """
    secrets = credentials.load(data_dir)
    for_postgres = [*environment.postgres_providers(), *containers.postgres_providers(), *postgres.providers()]
    postgres_options = StartOptions(data_dir, postgres_port or free_port(), secrets, say)
    kafka_options = StartOptions(data_dir, kafka_port or free_port(), secrets, say)
    for_kafka = [
        *environment.kafka_providers(data_dir, f"{HOST}:{kafka_options.port}"),
        *containers.kafka_providers(),
        *kafka.providers(),
        *tansu.providers(),
    ]
    async with (
        providers.start_server("PostgreSQL", for_postgres, postgres_options) as database,
        providers.start_server("Kafka", for_kafka, kafka_options) as broker,
    ):
        yield Infrastructure(
            postgres_admin_url=database.address,
            postgres_label=database.label,
            kafka_bootstrap=broker.address,
            kafka_label=broker.label,
            kafka_genuine=broker.genuine,
            children=(*database.children, *broker.children),
        )


async def prepare_databases(servers: Infrastructure, secrets: Credentials, suffix: str = "") -> DatabaseUrls:
    """Create missing roles and databases, and return the addresses."""
    return await databases.prepare(servers.postgres_admin_url, secrets, suffix)


@contextmanager
def temporary_data_dir() -> Iterator[Path]:
    """Provide a data folder that PostgreSQL's account can access, and remove it at the end."""
    data_dir = Path(tempfile.mkdtemp(prefix="customer-lifecycle-"))
    data_dir.chmod(0o711)
    try:
        yield data_dir
    finally:
        shutil.rmtree(data_dir)
