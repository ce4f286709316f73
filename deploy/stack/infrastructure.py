"""PostgreSQL and Kafka for one data folder, each got in the best way this machine offers."""

import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.stack import containers, credentials, databases, environment, kafka, ladder, postgres, tansu
from deploy.stack.child import Child
from deploy.stack.credentials import Credentials
from deploy.stack.databases import DatabaseUrls
from deploy.stack.ladder import Premises, Say
from deploy.stack.ports import free_port

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """Servers that answer. `children` are those of them that are processes of ours.

    `kafka_genuine` is False for a stand-in, on which not everything can be proved.
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
    """Start what is missing and stop it again at the end; the data stays in `data_dir`.

    None for a port takes any free one.
    """
    secrets = credentials.load(data_dir)
    ways_to_postgres = [*environment.postgres_rungs(), *containers.postgres_rungs(), *postgres.rungs()]
    ways_to_kafka = [*environment.kafka_rungs(), *containers.kafka_rungs(), *kafka.rungs(), *tansu.rungs()]
    at_postgres = Premises(data_dir, postgres_port or free_port(), secrets, say)
    at_kafka = Premises(data_dir, kafka_port or free_port(), secrets, say)
    async with (
        ladder.climb("PostgreSQL", ways_to_postgres, at_postgres) as database,
        ladder.climb("Kafka", ways_to_kafka, at_kafka) as broker,
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
    """Make what is missing of roles and databases, and return their addresses."""
    return await databases.prepare(servers.postgres_admin_url, secrets, suffix)


@contextmanager
def temporary_data_dir() -> Iterator[Path]:
    """Give a data folder that PostgreSQL's account can reach, and remove it with all its data at the end."""
    data_dir = Path(tempfile.mkdtemp(prefix="customer-lifecycle-"))
    data_dir.chmod(0o711)
    try:
        yield data_dir
    finally:
        shutil.rmtree(data_dir)
