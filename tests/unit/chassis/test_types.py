"""What a text or an instant may hold: the same verdict at every edge."""

import sys
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.types import (
    FORBIDDEN,
    MAX_NAME,
    MAX_NOTE,
    MAX_WORD,
    Code,
    EmployeeId,
    Instant,
    Name,
    Note,
    Word,
    clean_text,
)

TEXTS = {Word: MAX_WORD, Name: MAX_NAME, Note: MAX_NOTE}
NAME: TypeAdapter[str] = TypeAdapter(Name)
INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


def is_refused(adapter: TypeAdapter[Any], value: object) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize(
    "text",
    [
        "𠮷野家",
        "㛃",
        "阿卜杜拉·艾则孜",
        "＝1+1",
        "ＡＢＣ",
        "é",
        "e\u0301",
        "👨‍👩‍👧",
        "Ⅷ",
        "王\u3000敏",
        "a\nb\tc",
        "\ue000",
    ],
)
def test_a_text_that_people_write_is_kept_as_it_is(text: str) -> None:
    assert NAME.validate_python(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u3000",
        "\n",
        "a\x00b",
        "\x1b[31m",
        "a\x0bb",
        "\x7f",
        "\x85",
        "\ud800",
        "a\udfff",
        "\uffff",
        "\U0010ffff",
    ],
)
def test_a_text_that_is_blank_or_cannot_be_printed_is_refused(text: str) -> None:
    assert is_refused(NAME, text)


def test_every_character_is_judged_as_unicode_classes_it() -> None:
    judged = [character for character in map(chr, range(sys.maxunicode + 1)) if FORBIDDEN.match(character)]
    assert judged == [character for character in map(chr, range(sys.maxunicode + 1)) if is_for_programs(character)]


def is_for_programs(character: str) -> bool:
    code, category = ord(character), unicodedata.category(character)
    noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return noncharacter or category == "Cs" or (category == "Cc" and character not in "\n\t")


@pytest.mark.parametrize("value", [7, 7.0, True, None, ["a"], {"a": 1}])
def test_only_text_is_text(value: object) -> None:
    assert is_refused(NAME, value)


@pytest.mark.parametrize(("kind", "longest"), TEXTS.items())
def test_a_text_has_a_greatest_length_in_characters(kind: Any, longest: int) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(kind)
    assert adapter.validate_python("𠮷" * longest)
    assert is_refused(adapter, "𠮷" * (longest + 1))


@given(st.text(min_size=1, max_size=50))
def test_an_accepted_text_survives_utf_8(text: str) -> None:
    if not is_refused(NAME, text):
        accepted = NAME.validate_python(text)
        assert accepted.encode().decode() == accepted


@given(st.text(st.sampled_from("a腾\u0645\u200b\u200c\u200d\u00a0 \r\n\u2028\ufeff👨"), max_size=8))
def test_a_cleaned_text_is_clean(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)


@pytest.mark.parametrize("code", ["A", "-a", "", "a b", "a_b", "é", "a\n", "a" * (MAX_WORD + 1)])
def test_a_code_is_lower_case_ascii(code: str) -> None:
    assert is_refused(TypeAdapter(Code), code)


@pytest.mark.parametrize("employee_id", ["", "李", "a b", "a|b", "-a", "a\n", "a" * (MAX_WORD + 1)])
def test_an_employee_id_is_no_name(employee_id: str) -> None:
    assert is_refused(TypeAdapter(EmployeeId), employee_id)


@pytest.mark.parametrize(
    "value",
    [
        1_700_000_000,
        1_700_000_000.5,
        "1700000000",
        "2024-06-01",
        "2024-06-01T09:00:00",
        "09:00:00+08:00",
        "2024-06-01 ",
        "2024-13-01T09:00:00Z",
        "2024-02-30T09:00:00Z",
        "2024-06-01T24:30:00Z",
        "2024-06-01T09:00:00+25:00",
        "1899-12-31T23:59:59Z",
        "2201-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "now",
        "",
        True,
        None,
        datetime(2024, 6, 1),  # noqa: DTZ001 - that it has no zone is the point
    ],
)
def test_what_is_no_certain_instant_is_refused(value: object) -> None:
    assert is_refused(INSTANT, value)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-06-01T09:00:00+08:00", datetime(2024, 6, 1, 1, tzinfo=UTC)),
        ("2024-06-01T09:00:00Z", datetime(2024, 6, 1, 9, tzinfo=UTC)),
        ("2024-06-01 09:00:00.123456-05:00", datetime(2024, 6, 1, 14, 0, 0, 123456, tzinfo=UTC)),
        ("1900-01-01T00:00:00Z", datetime(1900, 1, 1, tzinfo=UTC)),
        ("2200-12-31T23:59:59Z", datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_is_the_same_whatever_the_offset_it_is_told_in(text: str, instant: datetime) -> None:
    assert INSTANT.validate_python(text) == instant
    assert INSTANT.validate_json(INSTANT.dump_json(INSTANT.validate_python(text))) == instant
