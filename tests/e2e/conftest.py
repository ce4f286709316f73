"""Fixtures of the end-to-end tests: one product for all of them."""

from collections.abc import AsyncIterator

import pytest

from tests.support.product import Product, running_product


@pytest.fixture(scope="package")
async def product() -> AsyncIterator[Product]:
    async with running_product() as made:
        yield made
