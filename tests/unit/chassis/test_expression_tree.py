"""The tree of an expression, with the place of each part."""

import pytest

from chassis.rules.expression_tree import varint
from chassis.rules.expressions import Conditions

CONDITIONS = Conditions({"tags": list, "region": str, "count": int})


def parts(condition: str) -> set[tuple[int, str]]:
    """Return the texts, names and functions of a condition with their places, without those of a macro."""
    named = (
        (node.place, node.text or node.name or node.function or "") for node in CONDITIONS.tree(condition).within()
    )
    return {(place, name) for place, name in named if name and not name.startswith("@result")}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("'a' in tags", {(0, "a"), (4, "@in"), (7, "tags")}),
        ("region == '华东' &&\n 'a' in tags", {(10, "华东"), (19, "a"), (26, "tags"), (0, "region")}),
        ("'𠮷' == region || 'a' in tags", {(0, "𠮷"), (17, "a")}),
        ("!('a' + 'b' in tags)", {(0, "!_"), (2, "a"), (8, "b"), (6, "_+_"), (15, "tags")}),
        ("tags.exists(t, t in ['x'])", {(0, "tags"), (21, "x"), (15, "t")}),
        ("{'k': tags}['k'] == tags", {(1, "k"), (6, "tags"), (12, "k"), (20, "tags")}),
        ("size(tags) > 300 && 1.5 < 2.5 && count > -1", {(5, "tags"), (33, "count")}),
        (r"r'a\b' == region || b'x' == b'y'", {(0, r"a\b"), (10, "region")}),
    ],
)
def test_each_part_has_its_place(condition: str, found: set[tuple[int, str]]) -> None:
    assert found <= parts(condition)


def test_a_text_in_bytes_is_no_text() -> None:
    assert "x" not in {text for _, text in parts("b'x' == b'y'")}


def test_an_integer_of_several_bytes_is_read() -> None:
    assert varint(b"\x08\xac\x02\x01", 1) == (300, 3)
