"""Validation messages: each names the field, and is a sentence in English and in Chinese."""

from datetime import date
from enum import StrEnum
from string import Formatter
from typing import Any, Self
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from chassis.http.field_errors import PATTERNS, SENTENCES, InvalidField, invalid_field, without_consequences
from contracts.field_error import FieldError
from contracts.money import KnownCurrency
from contracts.types import Code, EmployeeId, Instant, Word


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: UUID | None = None
    name: Word = "thing"
    size: Size = Size.SMALL
    code: Code = "a"
    owner_id: EmployeeId = "E1"
    currency: KnownCurrency = "CNY"
    made_at: Instant | None = None
    made_on: date | None = None
    count: int = Field(default=1, ge=1, le=9)
    parts: tuple[str, ...] = Field(default=(), max_length=1)
    is_new: bool = False

    @model_validator(mode="after")
    def _is_counted_once(self) -> Self:
        if len(self.parts) > self.count:
            raise FieldError("as many as there are", "数量须一致", "parts")
        return self


def errors_of(**given: Any) -> list[InvalidField]:
    with pytest.raises(ValidationError) as refused:
        Thing.model_validate(given)
    return [invalid_field(error) for error in refused.value.errors()]


@pytest.mark.parametrize(
    ("given", "en", "zh"),
    [
        ({"size": "huge"}, "Must be one of: small, large.", "应为以下之一：small、large。"),
        ({"name": "x" * 65}, "Must have at most 64 characters.", "最多 64 个字符。"),
        ({"name": "  "}, "text must not be blank", "内容不能为空白"),
        ({"name": 7}, "Must be a text.", "应为文本。"),
        ({"count": 0}, "Must be 1 or more.", "不得小于 1。"),
        ({"count": 10}, "Must be 9 or less.", "不得大于 9。"),
        ({"count": "many"}, "Must be an integer.", "应为整数。"),
        ({"parts": ["a", "b"]}, "Must have at most 1 entries.", "最多 1 项。"),
        ({"extra": 1}, "Unknown field.", "此处没有这个字段。"),
        ({"is_new": "perhaps"}, "Must be true or false.", "应为 true 或 false。"),
        ({"made_on": "soon"}, "Must be a date such as 2024-06-01.", "应为日期，例如 2024-06-01。"),
    ],
)
def test_a_message_is_in_both_languages(given: dict[str, Any], en: str, zh: str) -> None:
    (error,) = errors_of(**given)
    assert (error.location, error.en, error.zh) == ((next(iter(given)),), en, zh)


@pytest.mark.parametrize(
    ("given", "example"),
    [
        ({"code": "太贵"}, "no-budget"),
        ({"owner_id": "李强"}, "E2001"),
        ({"currency": "元"}, "CNY"),
        ({"id": "nine"}, "1bd2cda6"),
        ({"made_at": "2024-06-01T09:00:00"}, "+08:00"),
    ],
)
def test_a_message_about_a_format_contains_an_example(given: dict[str, Any], example: str) -> None:
    (error,) = errors_of(**given)
    assert example in error.en
    assert example in error.zh


def test_a_rule_between_fields_names_the_invalid_field() -> None:
    class Whole(BaseModel):
        things: list[Thing]

    with pytest.raises(ValidationError) as refused:
        Whole.model_validate({"things": [{"parts": ["a"], "count": 1}, {"parts": ["a"], "count": 1, "size": "huge"}]})
    assert invalid_field(refused.value.errors()[0]).location == ("things", 1, "size")
    error = {"loc": ("things", 1), "type": "value_error", "ctx": {"error": FieldError("no", "不", "parts", 0)}}
    assert invalid_field(error) == InvalidField(("things", 1, "parts", 0), "value_error", "no", "不")


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        (["tiny", "small"], [("enum", ("sizes", 0))]),
        (["tiny", "large", "huge"], [("enum", ("sizes", 0)), ("enum", ("sizes", 2))]),
        (["tiny"], [("enum", ("sizes", 0)), ("too_short", ("sizes",))]),
        (["small"], [("too_short", ("sizes",))]),
        ([], [("too_short", ("sizes",))]),
    ],
)
def test_a_list_with_an_invalid_entry_is_not_too_short(sizes: list[str], expected: list[Any]) -> None:
    class Sized(BaseModel):
        sizes: tuple[Size, ...] = Field(min_length=2)

    with pytest.raises(ValidationError) as refused:
        Sized.model_validate({"sizes": sizes})
    assert [(each["type"], each["loc"]) for each in without_consequences(refused.value.errors())] == expected


def test_an_error_of_an_unknown_kind_keeps_the_message_of_pydantic() -> None:
    error = invalid_field({"loc": ("x",), "type": "brand_new", "msg": "It has {braces}"})
    assert error == InvalidField(("x",), "brand_new", "It has {braces}", "不符合要求。")


@pytest.mark.parametrize("sentences", [*SENTENCES.values(), *PATTERNS.values()])
def test_every_sentence_uses_the_same_fields_in_both_languages(sentences: tuple[str, str]) -> None:
    english, chinese = sentences
    assert english.isascii()
    assert not chinese.isascii()
    assert fields_of(english) == fields_of(chinese)


def fields_of(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(sentence)} - {None}
