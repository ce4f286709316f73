"""The whole product for tests: four processes, PostgreSQL and Kafka, as `make run` starts them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.client import Client, client_of
from deploy.stack import state
from deploy.stack.errors import StackError
from deploy.stack.layout import Layout
from deploy.stack.ports import free_port, require_free
from deploy.stack.supervisor import stack

ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Product:
    """A running product, its addresses, and an administrator's client for it."""

    client: Client
    environment: dict[str, str]
    data_dir: Path


@asynccontextmanager
async def running_product(data_dir: Path) -> AsyncIterator[Product]:
    async with stack(data_dir, free_layout(), lambda _text: None):
        environment = state.running(data_dir).environment
        async with client_of(environment) as client:
            yield Product(client, environment, data_dir)


def free_layout() -> Layout:
    """Return a layout with free ports; those of the servers are outside the range of its base port."""
    for _ in range(ATTEMPTS):
        layout = Layout(free_port())
        if is_free(layout):
            return layout
    raise StackError(f"No layout of {ATTEMPTS} tried has all its ports free.")


def is_free(layout: Layout) -> bool:
    try:
        layout.require_free()
        for port in (layout.postgres, layout.kafka, layout.kafka_controller):
            require_free(port, "a server")
    except StackError:
        return False
    return True
