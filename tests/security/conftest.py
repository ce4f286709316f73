"""Fixtures of the security tests: four services in one process, or the whole product as `make run` starts it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from deploy.stack import tokens
from deploy.stack.infrastructure import temporary_data_dir
from tests.security.spans import collector
from tests.security.world import World, world_on
from tests.support.product import Product, running_product
from tests.support.servers import Servers

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the tests of the whole product behind the others of this folder: while it runs, it takes processor time."""
    places = [place for place, item in enumerate(items) if item.path.is_relative_to(FOLDER)]
    ordered = sorted((items[place] for place in places), key=needs_product)
    for place, item in zip(places, ordered, strict=True):
        items[place] = item


def needs_product(item: pytest.Item) -> bool:
    return "product" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="package", autouse=True)
def _plain_logs() -> None:
    """Log as services do: the developer's rendering of a traceback takes seconds."""
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])


@pytest.fixture(scope="package")
async def world(running: Servers, signer: tokens.Signer) -> AsyncIterator[World]:
    async with world_on(running, signer) as made:
        yield made


@pytest.fixture(scope="package")
async def product() -> AsyncIterator[Product]:
    """The product, with its spans in a file next to its logs."""
    with (
        temporary_data_dir() as data_dir,
        collector(data_dir) as endpoint,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("CARE_OTLP_ENDPOINT", endpoint)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        async with running_product(data_dir) as made:
            yield made
