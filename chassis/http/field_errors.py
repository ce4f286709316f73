"""Validation messages in English and Chinese: one sentence for each kind of invalid value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.field_error import FieldError
from contracts.money import CURRENCY_PATTERN
from contracts.types import CODE_PATTERN, EMPLOYEE_PATTERN

Sentences = tuple[str, str]

NOT_AN_OBJECT: Sentences = ("Must be an object with fields.", "应为包含字段的对象。")
NOT_A_LIST: Sentences = ("Must be a list.", "应为列表。")
NOT_A_NUMBER: Sentences = ("Must be a number.", "应为数字。")
NOT_AN_INTEGER: Sentences = ("Must be an integer.", "应为整数。")
NOT_A_TEXT: Sentences = ("Must be a text.", "应为文本。")
NOT_A_BOOLEAN: Sentences = ("Must be true or false.", "应为 true 或 false。")
NOT_AN_ID: Sentences = (
    "Must be an id such as 1bd2cda6-856d-5279-a632-22a61ebfa12e.",
    "应为编号，例如 1bd2cda6-856d-5279-a632-22a61ebfa12e。",
)
NOT_A_DATE: Sentences = ("Must be a date such as 2024-06-01.", "应为日期，例如 2024-06-01。")
NOT_AN_INSTANT: Sentences = (
    "Must be a time with date and UTC offset, such as 2024-06-01T09:00:00+08:00.",
    "应为带日期和时区偏移的时间，例如 2024-06-01T09:00:00+08:00。",
)
NOT_ALLOWED: Sentences = ("Must be one of: {allowed}.", "应为以下之一：{allowed}。")

SENTENCES: Mapping[str, Sentences] = {
    "missing": ("This field is required.", "缺少必填字段。"),
    "extra_forbidden": ("Unknown field.", "此处没有这个字段。"),
    "enum": NOT_ALLOWED,
    "literal_error": NOT_ALLOWED,
    "string_too_long": ("Must have at most {max_length} characters.", "最多 {max_length} 个字符。"),
    "string_too_short": ("Must have at least {min_length} characters.", "至少 {min_length} 个字符。"),
    "string_pattern_mismatch": ("Must match {pattern}.", "格式应符合 {pattern}。"),
    "too_long": ("Must have at most {max_length} entries.", "最多 {max_length} 项。"),
    "too_short": ("Must have at least {min_length} entries.", "至少 {min_length} 项。"),
    "greater_than_equal": ("Must be {ge} or more.", "不得小于 {ge}。"),
    "greater_than": ("Must be more than {gt}.", "必须大于 {gt}。"),
    "less_than_equal": ("Must be {le} or less.", "不得大于 {le}。"),
    "less_than": ("Must be less than {lt}.", "必须小于 {lt}。"),
    "finite_number": NOT_A_NUMBER,
    "float_type": NOT_A_NUMBER,
    "float_parsing": NOT_A_NUMBER,
    "int_type": NOT_AN_INTEGER,
    "int_parsing": NOT_AN_INTEGER,
    "int_parsing_size": NOT_AN_INTEGER,
    "int_from_float": NOT_AN_INTEGER,
    "string_type": NOT_A_TEXT,
    "string_unicode": NOT_A_TEXT,
    "bool_type": NOT_A_BOOLEAN,
    "bool_parsing": NOT_A_BOOLEAN,
    "uuid_type": NOT_AN_ID,
    "uuid_parsing": NOT_AN_ID,
    "date_type": NOT_A_DATE,
    "date_parsing": NOT_A_DATE,
    "date_from_datetime_parsing": NOT_A_DATE,
    "date_from_datetime_inexact": NOT_A_DATE,
    "datetime_type": NOT_AN_INSTANT,
    "datetime_parsing": NOT_AN_INSTANT,
    "datetime_from_date_parsing": NOT_AN_INSTANT,
    "timezone_aware": NOT_AN_INSTANT,
    "model_type": NOT_AN_OBJECT,
    "model_attributes_type": NOT_AN_OBJECT,
    "dict_type": NOT_AN_OBJECT,
    "mapping_type": NOT_AN_OBJECT,
    "dataclass_type": NOT_AN_OBJECT,
    "union_tag_invalid": (
        "{discriminator} must be one of: {expected_tags}.",
        "{discriminator} 应为以下之一：{expected_tags}。",
    ),
    "union_tag_not_found": ("The field {discriminator} is required.", "缺少必填字段 {discriminator}。"),
    "list_type": NOT_A_LIST,
    "tuple_type": NOT_A_LIST,
}
# Other names of a rule: pydantic has its own for the fields of a dataclass.
SAME_RULES: Mapping[str, str] = {"unexpected_keyword_argument": "extra_forbidden"}
PATTERNS: Mapping[str, Sentences] = {
    CODE_PATTERN: (
        "Must be a code of lower-case letters, digits, dots and hyphens, such as no-budget.",
        "应为代码：只含小写字母、数字、点和连字符，例如 no-budget。",
    ),
    EMPLOYEE_PATTERN: (
        "Must be an employee id of letters, digits and . _ : @ -, such as E2001.",
        "应为员工编号：只含字母、数字和 . _ : @ -，例如 E2001。",
    ),
    CURRENCY_PATTERN: (
        "Must be a currency code of three capital letters, such as CNY.",
        "应为三个大写字母的币种代码，例如 CNY。",
    ),
}


@dataclass(frozen=True, slots=True)
class InvalidField:
    """One invalid value: where it is, which rule it breaks, and a message. The value itself is never repeated."""

    location: tuple[str | int, ...]
    rule: str
    en: str
    zh: str


def invalid_field(error: Mapping[str, Any]) -> InvalidField:
    """Translate one of pydantic's errors."""
    location, context = tuple(error["loc"]), error.get("ctx", {})
    rule = SAME_RULES.get(error["type"], error["type"])
    unfit = context.get("error")
    if isinstance(unfit, FieldError):
        return InvalidField((*location, *unfit.place), rule, unfit.en, unfit.zh)
    en, zh = PATTERNS.get(context.get("pattern", ""), SENTENCES.get(rule, (error["msg"], "不符合要求。")))
    if allowed := allowed_values(context):
        return InvalidField(
            location, rule, en.format(allowed=", ".join(allowed)), zh.format(allowed="、".join(allowed))
        )
    known = rule in SENTENCES
    return InvalidField(location, rule, en.format(**context) if known else en, zh.format(**context) if known else zh)


def without_consequences(errors: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return pydantic's errors without a list that is "too short" only because its invalid entries are not counted."""
    return [each for each in errors if not (is_long_enough(each) and any(is_below(other, each) for other in errors))]


def is_long_enough(error: Mapping[str, Any]) -> bool:
    """Return whether a list that is said to be too short has been sent with enough entries."""
    return error["type"] == "too_short" and bool(len(error["input"]) >= error["ctx"]["min_length"])


def is_below(error: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether an error is about a part of what another one is about."""
    place = other["loc"]
    return len(error["loc"]) > len(place) and bool(error["loc"][: len(place)] == place)


def without_tags(location: Sequence[str | int], sent: Any) -> tuple[str | int, ...]:
    """Return the place of a value in what was sent.

    Pydantic adds the tag that selects a member of a union, such as `silence` after the object with that shape.
    """
    kept: list[str | int] = []
    for part in location:
        if isinstance(sent, dict) and part not in sent and part in sent.values():
            continue
        kept.append(part)
        sent = inner(sent, part)
    return tuple(kept)


def inner(sent: Any, part: str | int) -> Any:
    if isinstance(sent, dict):
        return sent.get(part)
    return sent[part] if isinstance(sent, list) and isinstance(part, int) and part < len(sent) else None


def allowed_values(context: Mapping[str, Any]) -> list[str]:
    """Return the values that pydantic lists as `'a', 'b' or 'c'`."""
    expected = str(context.get("expected", ""))
    return [word.strip("' ") for word in expected.replace("' or '", "', '").split("', '")] if expected else []
