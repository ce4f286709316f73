"""Strict JSON: UTF-8, no duplicate keys, no NaN, bounded depth and numbers."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

MAX_DEPTH = 32
MAX_DIGITS = 100


class MalformedJsonError(ValueError):
    """The bytes are not valid strict JSON. The message, in English and Chinese, does not repeat them.

    `place` has the names and indexes that lead to what is wrong; None if the text is not JSON, and so has no places.
    """

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh
        self.place: tuple[str | int, ...] | None = None


def read_json(raw: bytes) -> Any:
    """Parse `raw`, or raise MalformedJsonError."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = position_of(raw[: error.start].decode())
        raise MalformedJsonError(
            f"The body is not UTF-8 at line {line}, column {column}.",
            f"请求体第 {line} 行第 {column} 列不是 UTF-8 编码。",
        ) from error
    if depth_of(text) > MAX_DEPTH:
        raise MalformedJsonError(f"The body nests deeper than {MAX_DEPTH}.", f"请求体嵌套超过 {MAX_DEPTH} 层。")
    try:
        return STRICT.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedJsonError(
            f"Not JSON at line {error.lineno}, column {error.colno}: {error.msg.removesuffix(' at')}.",
            f"第 {error.lineno} 行第 {error.colno} 列不是合法的 JSON。",
        ) from error
    except MalformedJsonError as error:
        error.place = place_of_fault(text)
        raise


def position_of(before: str) -> tuple[int, int]:
    """Return the line and the column of the character that follows a text. Both start at 1."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def depth_of(text: str) -> int:
    """Return the nesting depth of brackets outside strings. Returns 0 for texts with at most MAX_DEPTH brackets."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif in_string:
            escaped, in_string = character == "\\", character != '"'
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def reject_duplicate_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJsonError("A field name occurs twice in one object.", "同一对象中出现重复的字段名。")
    return members


def reject_constant(name: str) -> None:
    raise MalformedJsonError(f"{name} is not JSON.", f"{name} 不是合法的 JSON。")


def parse_finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedJsonError("A number is too large.", "数值过大。")
    return number


def parse_bounded_integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise MalformedJsonError("A number has too many digits.", "数字位数过多。")
    return int(text)


STRICT = json.JSONDecoder(
    object_pairs_hook=reject_duplicate_names,
    parse_constant=reject_constant,
    parse_float=parse_finite_float,
    parse_int=parse_bounded_integer,
)


def place_of_fault(text: str) -> tuple[str | int, ...] | None:
    """Return the place of what STRICT refuses first; None if the text is not JSON."""
    try:
        return fault_within(LENIENT.decode(text), ())
    except json.JSONDecodeError:
        return None


class Members(list[tuple[str, Any]]):
    """The members of an object, with repeated names."""


class Refused:
    """Stands for a number that is refused."""


def or_refused(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def parse_or_refuse(text: str) -> Any:
        try:
            return parse(text)
        except MalformedJsonError:
            return Refused()

    return parse_or_refuse


def fault_within(value: Any, place: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    """Return the place of the first fault in a value: the parser reads the members before it compares their names."""
    if isinstance(value, Refused):
        return place
    if not isinstance(value, list):
        return None
    parts: Iterable[tuple[str | int, Any]] = value if isinstance(value, Members) else enumerate(value)
    found = next((fault for name, part in parts if (fault := fault_within(part, (*place, name))) is not None), None)
    if found is None and isinstance(value, Members):
        repeated = next((name for name, times in Counter(name for name, _ in value).items() if times > 1), None)
        return None if repeated is None else (*place, repeated)
    return found


LENIENT = json.JSONDecoder(
    object_pairs_hook=Members,
    parse_constant=or_refused(reject_constant),
    parse_float=or_refused(parse_finite_float),
    parse_int=or_refused(parse_bounded_integer),
)
