"""What an amount of money may be."""

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.money import (
    CURRENCIES,
    EXPONENTS,
    MAX_MINOR_UNITS,
    KnownCurrency,
    MinorUnits,
    format_amount,
    minor_units,
)
from contracts.types import Day

AMOUNT: TypeAdapter[int] = TypeAdapter(MinorUnits)
CURRENCY: TypeAdapter[str] = TypeAdapter(KnownCurrency)
DAY: TypeAdapter[date] = TypeAdapter(Day)


def test_an_amount_is_a_whole_number_up_to_its_limit() -> None:
    assert AMOUNT.validate_python(MAX_MINOR_UNITS) == MAX_MINOR_UNITS


@pytest.mark.parametrize("amount", [-1, MAX_MINOR_UNITS + 1, 1.0, 0.1, "1", True, None])
def test_what_is_no_whole_number_in_range_is_refused(amount: Any) -> None:
    with pytest.raises(ValidationError):
        AMOUNT.validate_python(amount)


def test_a_currency_is_a_code_in_use() -> None:
    assert {"CNY", "USD", "EUR", "HKD"} <= CURRENCIES
    assert CURRENCY.validate_python("CNY") == "CNY"


@pytest.mark.parametrize("code", ["RMB", "cny", "", "CNYX", "￥"])
def test_what_is_no_code_in_use_is_refused(code: str) -> None:
    with pytest.raises(ValidationError):
        CURRENCY.validate_python(code)


def test_a_day_is_text_or_a_day() -> None:
    assert DAY.validate_python("2024-06-01") == DAY.validate_python(date(2024, 6, 1)) == date(2024, 6, 1)


@pytest.mark.parametrize(
    "day", ["2024-06-01T00:00:00", "20240601", 1717200000, "2023-02-29", "1899-12-31", "2201-01-01"]
)
def test_what_is_no_plain_day_is_refused(day: Any) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_python(day)


@pytest.mark.parametrize(
    ("text", "currency", "units"),
    [("12,800.50", "CNY", 1_280_050), ("12800", "CNY", 1_280_000), ("900", "JPY", 900), ("1.234", "KWD", 1_234)],
)
def test_an_amount_is_read_as_people_write_it(text: str, currency: str, units: int) -> None:
    assert minor_units(text, currency) == units


@pytest.mark.parametrize(
    ("text", "currency"), [("", "CNY"), ("-1", "CNY"), ("1e3", "CNY"), ("0.001", "CNY"), ("1.5", "JPY"), ("十", "CNY")]
)
def test_what_is_no_amount_of_its_currency_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimal places"):
        minor_units(text, currency)


def test_every_odd_exponent_is_of_a_currency_in_use_or_its_unit_of_account() -> None:
    assert EXPONENTS.keys() - {"UYI"} <= CURRENCIES


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(1_280_050, "CNY", "12800.50 CNY"), (5, "CNY", "0.05 CNY"), (300, "JPY", "300 JPY"), (1_000, "KWD", "1.000 KWD")],
)
def test_an_amount_is_told_as_people_write_it(amount: int, currency: str, text: str) -> None:
    assert format_amount(amount, currency) == text
    assert minor_units(text.split(maxsplit=1)[0], currency) == amount
