"""Work calendars and work time: intervals per weekday, holidays, make-up workdays, absences.

Pure. Instants are aware datetimes. Work time between two instants counts only the time inside work intervals.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS_A_WEEK = 7
# The search limit, so that it ends for a calendar without any work time.
MAX_DAYS = 3_660
ONE_DAY = timedelta(days=1)


class NoWorkTimeError(ValueError):
    """The calendar does not have the requested work time within MAX_DAYS."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Part of a day, from `start` up to `end`, in minutes after midnight; a day ends at 1440."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """The time from `start` up to `end`."""

    start: datetime
    end: datetime


Day = tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """One version of a calendar. No work time counts while `away` (an employee's absences).

    `week` has the intervals of Monday to Sunday. `days` overrides them: none for a holiday, some for a make-up workday.
    Years outside `confirmed_years` are provisional: their official holidays are not known yet.
    """

    zone: ZoneInfo
    week: tuple[Day, ...]
    days: Mapping[date, Day] = field(default_factory=dict)
    confirmed_years: frozenset[int] = frozenset()
    away: tuple[Span, ...] = ()

    def on(self, day: date) -> Day:
        return self.days.get(day, self.week[day.weekday()])

    def is_workday(self, day: date) -> bool:
        return bool(self.on(day))

    def is_provisional(self, since: datetime, until: datetime) -> bool:
        """Return whether any year from `since` to `until` has unconfirmed holidays."""
        first, last = since.astimezone(self.zone).year, until.astimezone(self.zone).year
        return not self.confirmed_years.issuperset(range(first, last + 1))

    def elapsed(self, since: datetime, until: datetime) -> timedelta:
        """Return the work time between two instants; negative if `until` is before `since`."""
        if until < since:
            return -self.elapsed(until, since)
        worked = timedelta()
        for span in self._spans(since):
            if span.start >= until:
                break
            worked += min(span.end, until) - max(span.start, since)
        return worked

    def after(self, since: datetime, work: timedelta) -> datetime:
        """Return the first instant at which the work time since `since` is `work`. Raises NoWorkTimeError."""
        if work <= timedelta():
            return since
        left = work
        for span in self._spans(since):
            start = max(span.start, since)
            if span.end - start >= left:
                return start + left
            left -= span.end - start
        raise NoWorkTimeError(f"no {work} of work within {MAX_DAYS} days after {since:%F}")

    def opening(self, since: datetime) -> datetime:
        """Return `since` if it is in work time, else the start of the next work interval. Raises NoWorkTimeError."""
        span = next(self._spans(since), None)
        if span is None:
            raise NoWorkTimeError(f"no work within {MAX_DAYS} days after {since:%F}")
        return max(span.start, since)

    def workdays_after(self, day: date, count: int) -> date:
        """Return the `count`th workday after `day`; `day` itself for 0, or the next workday if it is none."""
        found, left = day, count
        for _ in range(MAX_DAYS):
            if left == 0 and self.is_workday(found):
                return found
            found += ONE_DAY
            left -= left > 0 and self.is_workday(found)
        raise NoWorkTimeError(f"no {count} workdays within {MAX_DAYS} days after {day}")

    def shift(self, at: datetime) -> datetime:
        """Return `at` if its day is a workday, else the same time on the next workday."""
        local = at.astimezone(self.zone)
        day = self.workdays_after(local.date(), 0)
        return datetime.combine(day, local.time(), self.zone).astimezone(UTC)

    def _spans(self, since: datetime) -> Iterator[Span]:
        """Yield the work intervals that end after `since`, in order, without absences."""
        day = since.astimezone(self.zone).date() - ONE_DAY
        for number in range(MAX_DAYS + 1):
            for interval in self.on(day + number * ONE_DAY):
                span = self._span(day + number * ONE_DAY, interval)
                yield from (part for part in subtract(span, self.away) if part.end > since)

    def _span(self, day: date, interval: Interval) -> Span:
        start, end = (self._instant(day, minutes) for minutes in (interval.start, interval.end))
        return Span(start, max(start, end))

    def _instant(self, day: date, minutes: int) -> datetime:
        midnight = datetime.combine(day, time(), self.zone)
        # Wall time is added, so that a clock change at night does not shift the hours of the day.
        return (midnight + timedelta(minutes=minutes)).astimezone(UTC)


def subtract(span: Span, away: Sequence[Span]) -> Iterator[Span]:
    """Yield the parts of `span` outside all of `away`, which must be sorted by start."""
    start = span.start
    for absence in away:
        if absence.end <= start or absence.start >= span.end:
            continue
        if absence.start > start:
            yield Span(start, absence.start)
        start = absence.end
    if start < span.end:
        yield Span(start, span.end)
