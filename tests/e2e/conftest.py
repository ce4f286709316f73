"""The whole product for the end-to-end tests: four processes, PostgreSQL and Kafka, as `make run` starts them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.client import Client, client_of
from deploy.stack import state
from deploy.stack.infrastructure import temporary_data_dir
from deploy.stack.layout import Layout
from deploy.stack.ports import free_port
from deploy.stack.supervisor import stack

PORTS_NEEDED = 100
HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Product:
    """A running product, where to find it, and an administrator's client on it."""

    client: Client
    environment: dict[str, str]
    data_dir: Path


@pytest.fixture(scope="package")
async def product() -> AsyncIterator[Product]:
    with temporary_data_dir() as data_dir:
        base = min(free_port(), HIGHEST_PORT - PORTS_NEEDED)
        async with stack(data_dir, Layout(base), lambda _text: None):
            environment = state.running(data_dir).environment
            async with client_of(environment) as client:
                yield Product(client, environment, data_dir)
