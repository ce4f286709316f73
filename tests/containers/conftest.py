"""Fixtures of the tests of the containers: one stack for most of them, built from this folder."""

from collections.abc import AsyncIterator, Iterator

import pytest

from demo.client import Client
from tests.containers.stack import Stack, new_stack


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    with new_stack() as made:
        made.up()
        yield made


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[Client]:
    async with stack.client() as opened:
        yield opened
