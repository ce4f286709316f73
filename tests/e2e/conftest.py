"""Fixtures of the end-to-end tests: one product for all of them."""

from collections.abc import AsyncIterator

import pytest

from deploy.stack.infrastructure import temporary_data_dir
from tests.support.product import Product, running_product


@pytest.fixture(scope="package")
async def product() -> AsyncIterator[Product]:
    with temporary_data_dir() as data_dir:
        async with running_product(data_dir) as made:
            yield made
