"""What an amount of money may be."""

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.money import CURRENCIES, MAX_MINOR_UNITS, KnownCurrency, MinorUnits
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
