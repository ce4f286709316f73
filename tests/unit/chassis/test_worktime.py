"""Work time excludes holidays, lunch and absences, includes make-up workdays, and is right across clock shifts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.rules.worktime import MAX_DAYS, Interval, NoWorkTimeError, Span, WorkCalendar

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
OFFICE = (Interval(9 * 60, 12 * 60), Interval(13 * 60 + 30, 18 * 60))
WEEK = (OFFICE,) * 5 + ((),) * 2
# The National Day week of 2025, from the notice of the General Office of the State Council of 2024-11-12.
GOLDEN_WEEK = {date(2025, 10, number): () for number in range(1, 9)}
MADE_UP = {date(2025, 9, 28): OFFICE, date(2025, 10, 11): OFFICE}
CHINA = WorkCalendar(SHANGHAI, WEEK, {**GOLDEN_WEEK, **MADE_UP}, frozenset({2025}))
HOURS = timedelta(hours=1)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("since", "opening"),
    [
        ("2025-09-29 09:00", "2025-09-29 09:00"),
        ("2025-09-29 11:59", "2025-09-29 11:59"),
        ("2025-09-29 12:00", "2025-09-29 13:30"),
        ("2025-09-27 10:00", "2025-09-28 09:00"),
        ("2025-09-30 18:00", "2025-10-09 09:00"),
    ],
)
def test_the_next_instant_of_work_time(since: str, opening: str) -> None:
    assert CHINA.opening(at(since)) == at(opening)


def test_a_calendar_without_work_time_never_opens() -> None:
    with pytest.raises(NoWorkTimeError):
        WorkCalendar(SHANGHAI, ((),) * 7).opening(at("2025-09-29 09:00"))


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        ("2025-09-29 09:00", "2025-09-29 18:00", 7.5),
        ("2025-09-29 11:30", "2025-09-29 14:00", 1.0),
        ("2025-09-29 12:10", "2025-09-29 13:20", 0.0),
        ("2025-09-29 18:00", "2025-09-30 09:00", 0.0),
        ("2025-09-26 17:00", "2025-09-28 10:00", 2.0),
        ("2025-09-30 17:00", "2025-10-09 10:00", 2.0),
        ("2025-10-01 00:00", "2025-10-09 00:00", 0.0),
        ("2025-10-10 18:00", "2025-10-13 09:00", 7.5),
        ("2025-01-01 00:00", "2025-01-01 00:00", 0.0),
    ],
)
def test_elapsed_work_time_between_two_instants(since: str, until: str, hours: float) -> None:
    assert CHINA.elapsed(at(since), at(until)) == hours * HOURS


@pytest.mark.parametrize(
    ("since", "hours", "until"),
    [
        ("2025-09-29 09:00", 3.0, "2025-09-29 12:00"),
        ("2025-09-29 11:00", 2.0, "2025-09-29 14:30"),
        ("2025-09-29 22:00", 1.0, "2025-09-30 10:00"),
        ("2025-09-30 17:00", 2.0, "2025-10-09 10:00"),
        ("2025-09-27 12:00", 1.0, "2025-09-28 10:00"),
        ("2025-09-30 08:00", 0.0, "2025-09-30 08:00"),
    ],
)
def test_the_instant_after_some_work_time(since: str, hours: float, until: str) -> None:
    assert CHINA.after(at(since), hours * HOURS) == at(until)


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        (date(2025, 9, 30), 3, date(2025, 10, 11)),
        (date(2025, 9, 30), 0, date(2025, 9, 30)),
        (date(2025, 10, 1), 0, date(2025, 10, 9)),
        (date(2025, 9, 26), 1, date(2025, 9, 28)),
    ],
)
def test_workdays_are_counted_with_make_up_days_and_without_holidays(day: date, count: int, found: date) -> None:
    assert CHINA.workdays_after(day, count) == found


def test_an_instant_on_a_holiday_moves_to_the_same_time_of_the_next_workday() -> None:
    assert CHINA.shift(at("2025-10-03 15:00")) == at("2025-10-09 15:00")
    assert CHINA.shift(at("2025-09-28 15:00")) == at("2025-09-28 15:00")


def test_a_year_without_confirmed_holidays_is_provisional() -> None:
    assert not CHINA.is_provisional(at("2025-01-01 00:00"), at("2025-12-31 23:59"))
    assert CHINA.is_provisional(at("2025-12-31 00:00"), at("2026-01-01 00:00"))


def test_an_absence_is_no_work_time() -> None:
    ill = Span(at("2025-09-29 10:00"), at("2025-09-30 14:00"))
    mine = WorkCalendar(CHINA.zone, CHINA.week, CHINA.days, CHINA.confirmed_years, (ill,))
    assert mine.elapsed(at("2025-09-29 09:00"), at("2025-09-30 18:00")) == 5 * HOURS
    assert mine.after(at("2025-09-29 09:00"), 2 * HOURS) == at("2025-09-30 15:00")


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2024-03-10", 23.0), ("2024-11-03", 25.0), ("2024-06-03", 24.0)],
)
def test_a_day_on_which_the_clock_shifts_is_as_long_as_it_is(day: str, hours: float) -> None:
    always = WorkCalendar(NEW_YORK, ((Interval(0, 1440),),) * 7)
    since = at(f"{day} 00:00", NEW_YORK)
    until = datetime.combine(since.date() + timedelta(days=1), since.time(), NEW_YORK)
    assert always.elapsed(since, until) == hours * HOURS


def test_an_hour_skipped_by_a_clock_shift_is_no_work_time() -> None:
    night = WorkCalendar(NEW_YORK, ((Interval(2 * 60, 3 * 60),),) * 7)
    assert night.elapsed(at("2024-03-10 00:00", NEW_YORK), at("2024-03-11 00:00", NEW_YORK)) == timedelta()


def test_the_search_ends_on_a_calendar_without_work_time() -> None:
    never = WorkCalendar(SHANGHAI, ((),) * 7)
    with pytest.raises(NoWorkTimeError):
        never.after(at("2025-01-01 00:00"), HOURS)
    with pytest.raises(NoWorkTimeError):
        never.workdays_after(date(2025, 1, 1), 1)
    assert MAX_DAYS == 3_660


UNHURRIED = settings(deadline=None)
INSTANTS = st.datetimes(datetime(2025, 8, 1), datetime(2025, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
ABSENCES = st.lists(st.tuples(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=9))), max_size=3)


def calendar_of(absences: list[tuple[datetime, timedelta]]) -> WorkCalendar:
    away = tuple(Span(start, start + length) for start, length in sorted(absences))
    return WorkCalendar(CHINA.zone, CHINA.week, CHINA.days, CHINA.confirmed_years, away)


@UNHURRIED
@given(st.lists(INSTANTS, min_size=3, max_size=3), ABSENCES)
def test_work_time_adds_up(instants: list[datetime], absences: list[tuple[datetime, timedelta]]) -> None:
    first, second, third = instants
    calendar = calendar_of(absences)
    assert calendar.elapsed(first, third) == calendar.elapsed(first, second) + calendar.elapsed(second, third)


@UNHURRIED
@given(INSTANTS, st.timedeltas(timedelta(minutes=1), timedelta(hours=90)), ABSENCES)
def test_the_instant_by_which_work_is_done_is_the_first_with_that_much_done(
    since: datetime, work: timedelta, absences: list[tuple[datetime, timedelta]]
) -> None:
    calendar = calendar_of(absences)
    until = calendar.after(since, work)
    assert calendar.elapsed(since, until) == work
    assert calendar.elapsed(since, until - timedelta(microseconds=1)) < work


@UNHURRIED
@given(INSTANTS, INSTANTS)
def test_work_time_equals_a_count_of_minutes(one: datetime, other: datetime) -> None:
    since, until = sorted((one, other))
    since, until = since.replace(second=0, microsecond=0), until.replace(second=0, microsecond=0)
    until = min(until, since + timedelta(days=4))
    assert CHINA.elapsed(since, until) == timedelta(
        minutes=sum(is_worked(since, n) for n in range(minutes(since, until)))
    )


def minutes(since: datetime, until: datetime) -> int:
    return int((until - since).total_seconds() // 60)


def is_worked(since: datetime, number: int) -> bool:
    local = (since + timedelta(minutes=number)).astimezone(SHANGHAI)
    minute = local.hour * 60 + local.minute
    return any(interval.start <= minute < interval.end for interval in CHINA.on(local.date()))
