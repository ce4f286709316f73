"""The architecture page is made from the code where it can be, and its walks lead forward."""

import re

from tests.architecture.import_diagram import PAGE, diagrams, inserted, reduced

PATH = re.compile(r"`((?:chassis|services|deploy)/[^`]+\.\w+)`")
WALK = re.compile(r"^## (A command|An event|A timer|A rebuild)\n(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\d+\. .*?(?=^\d+\. |^\S|\Z)", re.MULTILINE | re.DOTALL)


def test_the_page_shows_the_imports_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert inserted(page) == page, "run `make contracts`"


def test_a_walk_visits_no_file_twice() -> None:
    walks = dict(WALK.findall(PAGE.read_text(encoding="utf-8")))
    visited = {name: PATH.findall("".join(STEP.findall(walk))) for name, walk in walks.items()}

    assert {name for name, files in visited.items() if len(files) < 5} == set()
    assert {name for name, files in visited.items() if len(set(files)) < len(files)} == set()
    assert len(visited) == 4


def test_an_arrow_that_follows_from_others_is_left_out() -> None:
    assert reduced({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {"a": {"b"}, "b": {"c"}, "c": set()}


def test_nothing_of_a_circle_is_left_out() -> None:
    circle = {"a": {"b"}, "b": {"a"}, "c": {"a", "b"}}
    assert reduced(circle) == circle


def test_the_diagrams_show_the_chassis_and_every_service() -> None:
    assert [*diagrams()] == [
        "chassis",
        *(f"services.{name}" for name in ("customer", "followup", "alerts", "reporting")),
    ]
