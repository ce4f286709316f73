"""The README's tour works as it is written, on a fresh product."""

import re

import pytest

from tests.support.care import require_tour, tour, tour_is_possible, typed
from tests.support.product import Product

LANGUAGE = re.compile(r" -H 'Accept-Language: zh-CN'| \\?\n? *\|\n? *")


@pytest.mark.skipif(not tour_is_possible(), reason="curl, jq or psql is not installed")
async def test_54_the_tour_prints_what_the_readme_says(product: Product) -> None:
    require_tour(await typed(product.data_dir, tour()))


def test_54_both_readmes_say_to_type_the_same() -> None:
    english, chinese = ([LANGUAGE.sub("", block) for block in tour(page)] for page in ("README.md", "README.zh-CN.md"))
    assert english == chinese
    assert len(english) == 9
