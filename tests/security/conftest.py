"""Fixtures of the security tests: four services in one process, or the whole product as `make run` starts it."""

from collections.abc import AsyncIterator

import pytest
import structlog

from deploy.stack import tokens
from deploy.stack.infrastructure import temporary_data_dir
from tests.security.spans import collector
from tests.security.world import World, world_on
from tests.support.product import Product, running_product
from tests.support.servers import Servers


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
