"""Says what is wrong with a field, in English and in Chinese: a sentence for each way in which a value may not fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.field_error import FieldError
from contracts.money import CURRENCY_PATTERN
from contracts.types import CODE_PATTERN, EMPLOYEE_PATTERN

Sentences = tuple[str, str]

NOT_AN_OBJECT: Sentences = ("This is an object with fields.", "应为包含字段的对象。")
NOT_A_LIST: Sentences = ("This is a list.", "应为列表。")
NOT_A_NUMBER: Sentences = ("This is a number.", "应为数字。")
NOT_WHOLE: Sentences = ("This is a whole number.", "应为整数。")
NOT_A_TEXT: Sentences = ("This is a text.", "应为文本。")
NOT_YES_OR_NO: Sentences = ("This is true or false.", "应为 true 或 false。")
NOT_AN_ID: Sentences = (
    "This is an id such as 1bd2cda6-856d-5279-a632-22a61ebfa12e.",
    "应为编号，例如 1bd2cda6-856d-5279-a632-22a61ebfa12e。",
)
NOT_A_DAY: Sentences = ("This is a day such as 2024-06-01.", "应为日期，例如 2024-06-01。")
NOT_AN_INSTANT: Sentences = (
    "This is a time with date and offset, such as 2024-06-01T09:00:00+08:00.",
    "应为带日期和时区的时间，例如 2024-06-01T09:00:00+08:00。",
)
NOT_OFFERED: Sentences = ("It is one of: {offered}.", "应为以下之一：{offered}。")

SENTENCES: Mapping[str, Sentences] = {
    "missing": ("This field is needed.", "缺少必填字段。"),
    "extra_forbidden": ("There is no such field here.", "此处没有这个字段。"),
    "enum": NOT_OFFERED,
    "literal_error": NOT_OFFERED,
    "string_too_long": ("It has at most {max_length} characters.", "最多 {max_length} 个字符。"),
    "string_too_short": ("It has at least {min_length} characters.", "至少 {min_length} 个字符。"),
    "string_pattern_mismatch": ("It is written as {pattern} says.", "格式应符合 {pattern}。"),
    "too_long": ("It has at most {max_length} entries.", "最多 {max_length} 项。"),
    "too_short": ("It has at least {min_length} entries.", "至少 {min_length} 项。"),
    "greater_than_equal": ("It is {ge} or more.", "不得小于 {ge}。"),
    "greater_than": ("It is more than {gt}.", "必须大于 {gt}。"),
    "less_than_equal": ("It is {le} or less.", "不得大于 {le}。"),
    "less_than": ("It is less than {lt}.", "必须小于 {lt}。"),
    "finite_number": NOT_A_NUMBER,
    "float_type": NOT_A_NUMBER,
    "float_parsing": NOT_A_NUMBER,
    "int_type": NOT_WHOLE,
    "int_parsing": NOT_WHOLE,
    "int_parsing_size": NOT_WHOLE,
    "int_from_float": NOT_WHOLE,
    "string_type": NOT_A_TEXT,
    "string_unicode": NOT_A_TEXT,
    "bool_type": NOT_YES_OR_NO,
    "bool_parsing": NOT_YES_OR_NO,
    "uuid_type": NOT_AN_ID,
    "uuid_parsing": NOT_AN_ID,
    "date_type": NOT_A_DAY,
    "date_parsing": NOT_A_DAY,
    "date_from_datetime_parsing": NOT_A_DAY,
    "date_from_datetime_inexact": NOT_A_DAY,
    "datetime_type": NOT_AN_INSTANT,
    "datetime_parsing": NOT_AN_INSTANT,
    "datetime_from_date_parsing": NOT_AN_INSTANT,
    "timezone_aware": NOT_AN_INSTANT,
    "model_type": NOT_AN_OBJECT,
    "model_attributes_type": NOT_AN_OBJECT,
    "dict_type": NOT_AN_OBJECT,
    "list_type": NOT_A_LIST,
    "tuple_type": NOT_A_LIST,
}
PATTERNS: Mapping[str, Sentences] = {
    CODE_PATTERN: (
        "It is a code: small letters, digits, dots and hyphens, such as no-budget.",
        "应为代码：只含小写字母、数字、点和连字符，例如 no-budget。",
    ),
    EMPLOYEE_PATTERN: (
        "It is an employee's number, such as E2001: letters, digits and . _ : @ -",
        "应为员工编号，例如 E2001：只含字母、数字和 . _ : @ -",
    ),
    CURRENCY_PATTERN: (
        "It is a currency's code of three capital letters, such as CNY.",
        "应为三个大写字母的币种代码，例如 CNY。",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit: where, by which rule, and what is wrong. It never repeats what was sent."""

    place: tuple[str | int, ...]
    rule: str
    en: str
    zh: str


def fault_of(error: Mapping[str, Any]) -> Fault:
    """Read one of pydantic's errors."""
    place, rule, context = tuple(error["loc"]), error["type"], error.get("ctx", {})
    field_error = context.get("error")
    if isinstance(field_error, FieldError):
        return Fault((*place, *field_error.place), rule, field_error.en, field_error.zh)
    en, zh = PATTERNS.get(context.get("pattern", ""), SENTENCES.get(rule, (error["msg"], "不符合要求。")))
    if offered := offered_in(context):
        return Fault(place, rule, en.format(offered=", ".join(offered)), zh.format(offered="、".join(offered)))
    known = rule in SENTENCES
    return Fault(place, rule, en.format(**context) if known else en, zh.format(**context) if known else zh)


def offered_in(context: Mapping[str, Any]) -> list[str]:
    """Return the words that pydantic names as `'a', 'b' or 'c'`."""
    expected = str(context.get("expected", ""))
    return [word.strip("' ") for word in expected.replace("' or '", "', '").split("', '")] if expected else []
