"""The README's tour, as a reader types it."""

import pytest

from tests.containers.stack import Stack
from tests.support.care import require_tour, tour, typed

pytestmark = pytest.mark.nightly


async def test_the_tour_prints_what_the_readme_says(stack: Stack) -> None:
    require_tour(await typed(stack.data_dir, tour()))
