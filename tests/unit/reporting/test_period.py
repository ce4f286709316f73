"""Periods are whole days of the business zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from chassis.commands.problem import ProblemError
from services.reporting.queries.period import MAX_DAYS, period_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
LATE_EVENING = datetime(2026, 3, 9, 16, 30, tzinfo=UTC)


def test_days_begin_at_midnight_in_the_business_zone() -> None:
    period = period_of(date(2026, 3, 1), date(2026, 3, 2), SHANGHAI, LATE_EVENING)
    assert period.begins_at == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert period.ends_at == datetime(2026, 3, 1, 16, tzinfo=UTC)


def test_without_days_it_is_the_last_thirty_up_to_tonight() -> None:
    period = period_of(None, None, SHANGHAI, LATE_EVENING)
    assert period.ends_at == datetime(2026, 3, 11, tzinfo=SHANGHAI)
    assert (period.ends_at - period.begins_at).days == 30


@pytest.mark.parametrize(
    ("first", "end"),
    [
        (date(2026, 3, 1), date(2026, 3, 1)),
        (date(2026, 3, 2), date(2026, 3, 1)),
        (date(2020, 1, 1), date(2026, 3, 1)),
        (None, date(1, 1, 1)),
        (date(9999, 12, 31), None),
        (None, date(9999, 12, 31)),
        (date(9999, 1, 1), date(9999, 12, 31)),
    ],
)
def test_a_period_runs_forward_and_has_a_limit(first: date | None, end: date | None) -> None:
    with pytest.raises(ProblemError) as caught:
        period_of(first, end, SHANGHAI, LATE_EVENING)
    assert caught.value.code == "validation-failed"
    assert caught.value.errors[0]["pointer"] in {"query:from", "query:to"}


def test_the_longest_period_is_allowed() -> None:
    first = date(2020, 1, 1)
    end = date.fromordinal(first.toordinal() + MAX_DAYS)
    assert (period_of(first, end, SHANGHAI, LATE_EVENING).ends_at).date() == end
