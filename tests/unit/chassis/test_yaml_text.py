"""YAML is read as plain data, within limits."""

import pytest

from chassis.rules.yaml_text import MAX_DEPTH, YamlError, read_yaml, write_yaml

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        (BOMB, "line 2, column 8", "aliases"),
        ("a: 1\na: 2", "line 2, column 1", "twice"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), f"line 1, column {MAX_DEPTH + 1}", "levels"),
        ("a: !!python/object/apply:os.system [ls]", "line 1, column 4", "constructor"),
        ("a: [1", "line", ""),
        ("a: 1\n---\nb: 2", "line 2, column 1", "document"),
        ("a: \x00", "line 1", ""),
        ("? [a]\n: 1", "line 1, column 3", "must be a text"),
        ("d: 2020-99-99", "line 1", ""),
        ('a: !!timestamp "x"', "line 1", ""),
        ('a: !!int ""', "line 1", ""),
        ('a: !!bool "x"', "line 1", ""),
    ],
)
def test_what_is_refused_is_named_with_its_place(text: str, where: str, reason: str) -> None:
    with pytest.raises(YamlError) as refused:
        read_yaml(text)
    assert where in refused.value.en
    assert reason in refused.value.en


def test_the_greatest_depth_is_read() -> None:
    found = read_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    for _ in range(MAX_DEPTH - 1):
        [found] = found
    assert found == []


def test_what_was_written_is_read_again_in_its_order() -> None:
    data = {"z": {"zh": "没有人联系", "n": 7, "yes": "no"}, "a": [True, None]}
    assert read_yaml(write_yaml(data)) == data
    assert write_yaml(data).startswith("z:\n  zh: 没有人联系")
