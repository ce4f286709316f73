"""Converts a published calendar version to a WorkCalendar, with which work time is calculated."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from chassis.rules.worktime import Day, Interval, Span, WorkCalendar
from contracts.followup.calendar import CalendarPublished, WorkInterval, YearStatus

CACHED_VERSIONS = 100


@lru_cache(CACHED_VERSIONS)
def working(version: CalendarPublished) -> WorkCalendar:
    """Return the calendar without absences; cached by version."""
    return work_calendar(version)


def work_calendar(version: CalendarPublished, away: Sequence[Span] = ()) -> WorkCalendar:
    """Return the calendar of a version without the times in `away`."""
    off = {day: () for year in version.years for day in year.holidays}
    made_up = {day: day_of(version.made_up) for year in version.years for day in year.workdays}
    halves = {each.day: day_of(each.worked) for year in version.years for each in year.half_days}
    closed: dict[date, Day] = {closure.day: day_of(closure.worked) for closure in version.closures}
    return WorkCalendar(
        zone=ZoneInfo(version.zone),
        week=tuple(map(day_of, version.week)),
        days={**off, **made_up, **halves, **closed},
        confirmed_years=frozenset(year.year for year in version.years if year.status is YearStatus.CONFIRMED),
        away=tuple(sorted(away, key=lambda span: span.start)),
    )


def day_of(intervals: Sequence[WorkInterval]) -> Day:
    return tuple(Interval(each.start, each.end) for each in intervals)
