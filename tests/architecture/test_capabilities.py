"""The table of capabilities: every row of the customer and follow-up core, in order; its tests and events exist."""

import re
from pathlib import Path

from contracts.topics import EVENT_TYPES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/capabilities.md"
CORE = range(1, 147)
ROW = re.compile(r"^\| (\d+) \|(.*)$", re.MULTILINE)
EVENT_COLUMN = 3
EVENT = re.compile(r"`(-?[a-z]+(?:-[a-z]+)*)`")
TEST = re.compile(r"`(tests/[\w/]+\.py)`")


def test_each_capability_of_the_core_has_one_row_in_its_order() -> None:
    numbers = [int(number) for number, _ in ROW.findall(PAGE.read_text())]
    assert numbers == sorted(set(numbers))
    assert not set(CORE) - set(numbers)


def test_the_tests_that_it_names_are_there() -> None:
    named = set(TEST.findall(PAGE.read_text()))
    assert not {name for name in named if not (ROOT / name).exists()}


def test_the_events_that_it_names_are_published() -> None:
    assert _unknown_events(PAGE.read_text()) == []


def test_an_event_that_is_not_published_is_found() -> None:
    row = "| 1 | One record | `GET /v1/stages` | `{}`, `-changed`, with `batch_id` | `tests/unit` |"

    assert _unknown_events(row.format("order-placed")) == []
    assert _unknown_events(row.format("no-such-thing")) == ["no-such-thing"]
    assert _unknown_events(row.format("-no-such-ending")) == ["-no-such-ending"]


def _unknown_events(page: str) -> list[str]:
    """Return the events that rows name, `order-placed` or for short `-placed`, and nobody publishes."""
    published = [event_type.split(".")[2] for event_type in EVENT_TYPES]
    named = [name for _, row in ROW.findall(page) for name in EVENT.findall(row.split("|")[EVENT_COLUMN - 1])]
    return [
        name
        for name in named
        if name not in published and not (name[0] == "-" and any(each.endswith(name) for each in published))
    ]
