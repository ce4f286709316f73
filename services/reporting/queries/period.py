"""The period of a report: whole days of the business zone."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chassis.commands.problem import ProblemError

DEFAULT_DAYS = 30
MAX_DAYS = 1_100
EARLIEST = date(1900, 1, 1)
LATEST = date(2200, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """From `begins_at` (included) to `ends_at` (excluded)."""

    begins_at: datetime
    ends_at: datetime


def period_of(first_on: date | None, end_on: date | None, zone: ZoneInfo, now: datetime) -> Period:
    """Return the days from `first_on` to before `end_on`. The default is DEFAULT_DAYS days, today included."""
    end = end_on or now.astimezone(zone).date() + timedelta(days=1)
    if not EARLIEST <= end <= LATEST:
        raise invalid_period(
            "to", f"Choose a day between {EARLIEST} and {LATEST}.", f"请选择 {EARLIEST} 至 {LATEST} 之间的日期。"
        )
    first = first_on or end - timedelta(days=DEFAULT_DAYS)
    if not first < end <= first + timedelta(days=MAX_DAYS):
        raise invalid_period(
            "from",
            f"`to` must not be before `from`, and the period must have at most {MAX_DAYS} days.",
            f"to 不得早于 from，且一次最多 {MAX_DAYS} 天。",
        )
    return Period(datetime.combine(first, time(), zone), datetime.combine(end, time(), zone))


def invalid_period(name: str, en: str, zh: str) -> ProblemError:
    errors = [{"pointer": f"query:{name}", "rule": "period", "detail": en}]
    return ProblemError("validation-failed", en, zh, errors=errors)
