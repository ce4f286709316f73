"""Orders by month: sums and counts in each currency, for the months that a year-on-year comparison needs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

A_YEAR: Final = 12
# Two years and a few months: the newest months of a year-on-year comparison, and those a year before.
KEPT: Final = 28

# Sum in minor units and number of orders.
Sum: TypeAlias = tuple[int, int]
# The sums of each month, counted from year 0, in each currency.
Months: TypeAlias = Mapping[str, Mapping[int, Sum]]
NONE: Final[Sum] = (0, 0)


def month_of(at: datetime, zone: str) -> int:
    """Return the number of the month of an instant in a time zone."""
    local = at.astimezone(ZoneInfo(zone))
    return local.year * A_YEAR + local.month - 1


def start_of(month: int, zone: str) -> datetime:
    """Return the instant at which a month begins."""
    return datetime(month // A_YEAR, month % A_YEAR + 1, 1, tzinfo=ZoneInfo(zone))


def with_order(months: Months, currency: str, month: int, amount: int, orders: int) -> Months:
    """Add an order, or take a cancelled one away (both numbers negative). Old months are forgotten.

    What stays inexact: months that an order made the memory forget do not come back when it is cancelled. It was not
    stated for the future, so they are older than all that a comparison at present reads. A rebuild forgets the same.
    They are not counted anew from the log: a batch is in the log before its events are evaluated one by one.
    """
    own = months.get(currency, {})
    total, count = own.get(month, NONE)
    if count + orders < 0:
        # The month of the cancelled order was forgotten.
        return months
    value = total + amount, count + orders
    after = {**months, currency: {**own, month: value}}
    # The months were trimmed when this month was added.
    return after if count and value != NONE else without_old(after)


def without_old(months: Months) -> Months:
    """Return the newest months, without those that have no orders."""
    oldest = max(map(max, months.values())) - KEPT
    found = {
        currency: {month: value for month, value in own.items() if month > oldest and value != NONE}
        for currency, own in months.items()
    }
    return {currency: own for currency, own in found.items() if own}


def together(one: Months, other: Months) -> Months:
    """Return the months of two customers that were merged."""
    found: dict[str, dict[int, Sum]] = {currency: dict(own) for currency, own in one.items()}
    for currency, own in other.items():
        sums = found.setdefault(currency, {})
        for month, (amount, orders) in own.items():
            total, count = sums.get(month, NONE)
            sums[month] = total + amount, count + orders
    return found
