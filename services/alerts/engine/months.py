"""Orders by month: sums and counts in each currency, for the months that a year-on-year comparison needs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

A_YEAR: Final = 12
# Two years and a few months: the newest months of a year-on-year comparison, and those a year before.
KEPT: Final = 28

# Sum in minor units and number of orders, by "CURRENCY|month", with months counted from year 0.
Months: TypeAlias = Mapping[str, tuple[int, int]]


def month_of(at: datetime, zone: str) -> int:
    """Return the number of the month of an instant in a time zone."""
    local = at.astimezone(ZoneInfo(zone))
    return local.year * A_YEAR + local.month - 1


def start_of(month: int, zone: str) -> datetime:
    """Return the instant at which a month begins."""
    return datetime(month // A_YEAR, month % A_YEAR + 1, 1, tzinfo=ZoneInfo(zone))


def with_order(months: Months, currency: str, month: int, amount: int, orders: int) -> dict[str, tuple[int, int]]:
    """Add an order, or take a cancelled one away (both numbers negative). Old months are forgotten.

    What stays inexact: months that an order made the memory forget do not come back when it is cancelled. It was not
    stated for the future, so they are older than all that a comparison at present reads. A rebuild forgets the same.
    They are not counted anew from the log: a batch is in the log before its events are evaluated one by one.
    """
    key = f"{currency}|{month}"
    total, count = months.get(key, (0, 0))
    if count + orders < 0:
        # The month of the cancelled order was forgotten.
        return dict(months)
    after = {**months, key: (total + amount, count + orders)}
    newest = max(map(number_of, after))
    return {each: value for each, value in after.items() if number_of(each) > newest - KEPT and value != (0, 0)}


def together(one: Months, other: Months) -> dict[str, tuple[int, int]]:
    """Return the months of two customers that were merged."""
    pairs = {key: (one.get(key, (0, 0)), other.get(key, (0, 0))) for key in {**one, **other}}
    return {key: (a + c, b + d) for key, ((a, b), (c, d)) in pairs.items()}


def by_currency(months: Months) -> dict[str, dict[int, tuple[int, int]]]:
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for key, value in months.items():
        found.setdefault(key.split("|")[0], {})[number_of(key)] = value
    return found


def number_of(key: str) -> int:
    return int(key.split("|")[1])
