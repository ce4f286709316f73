"""The table of capabilities: every row of the customer and follow-up core, in order, with tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/capabilities.md"
CORE = range(1, 147)
ROW = re.compile(r"^\| (\d+) \|(.*)$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)`")


def test_each_capability_of_the_core_has_one_row_in_its_order() -> None:
    numbers = [int(number) for number, _ in ROW.findall(PAGE.read_text())]
    assert numbers == sorted(set(numbers))
    assert not set(CORE) - set(numbers)


def test_the_tests_that_it_names_are_there() -> None:
    named = set(TEST.findall(PAGE.read_text()))
    assert not {name for name in named if not (ROOT / name).exists()}
