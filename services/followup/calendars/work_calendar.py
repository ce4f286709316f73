"""From a published version to the calendar that work time is counted over."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from chassis.rules.worktime import Day, Interval, Span, WorkCalendar
from contracts.followup.calendar import CalendarPublished, WorkInterval, YearStatus

KEPT_VERSIONS = 100


@lru_cache(KEPT_VERSIONS)
def working(version: CalendarPublished) -> WorkCalendar:
    """Return the calendar of whoever is never away; made once for each version."""
    return work_calendar(version)


def work_calendar(version: CalendarPublished, away: Sequence[Span] = ()) -> WorkCalendar:
    """Return the calendar of whoever is `away` at these times and otherwise works as the version says."""
    off = {day: () for year in version.years for day in year.holidays}
    made_up = {day: day_of(version.made_up) for year in version.years for day in year.workdays}
    closed: dict[date, Day] = {closure.day: () for closure in version.closures}
    return WorkCalendar(
        zone=ZoneInfo(version.zone),
        week=tuple(map(day_of, version.week)),
        days={**off, **made_up, **closed},
        confirmed_years=frozenset(year.year for year in version.years if year.status is YearStatus.CONFIRMED),
        away=tuple(sorted(away, key=lambda span: span.start)),
    )


def day_of(intervals: Sequence[WorkInterval]) -> Day:
    return tuple(Interval(each.start, each.end) for each in intervals)
