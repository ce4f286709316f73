"""Commands for work calendars, validated before they reach the rules."""

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from chassis.commands.command import Command
from chassis.versions.decider import Publication
from contracts.field_error import FieldError
from contracts.followup.calendar import (
    DAYS_A_WEEK,
    MAX_CLOSED_AT_ONCE,
    MAX_YEARS,
    CalendarYear,
    Intervals,
    WorkInterval,
    in_order,
)
from contracts.types import Code, Day, Instant, Word

ZONES = frozenset(available_timezones())


def refuse_unknown_zone(zone: str) -> str:
    if zone not in ZONES:
        raise FieldError("must be an IANA time zone such as Asia/Shanghai", "时区应为 IANA 名称，例如 Asia/Shanghai")
    return zone


def refuse_disorder(intervals: tuple[WorkInterval, ...]) -> tuple[WorkInterval, ...]:
    if not in_order(intervals):
        raise FieldError(
            "the intervals of a day must be in order and must not overlap", "同一天的时段须按先后排列且不重叠"
        )
    return intervals


def refuse_short_week(week: tuple[Intervals, ...]) -> tuple[Intervals, ...]:
    """A minimum length in the type would be reported in addition to each invalid day."""
    if len(week) < DAYS_A_WEEK:
        raise FieldError("a week must have seven days, starting with Monday", "一周须有七天，从星期一开始")
    return week


def refuse_duplicates(years: tuple[CalendarYear, ...]) -> tuple[CalendarYear, ...]:
    if len({each.year for each in years}) != len(years):
        raise FieldError("each year may occur only once", "每个年份只能出现一次")
    return years


Zone = Annotated[Word, AfterValidator(refuse_unknown_zone), Field(json_schema_extra={"format": "time-zone"})]
WorkDay = Annotated[Intervals, AfterValidator(refuse_disorder)]
Week = Annotated[tuple[WorkDay, ...], Field(max_length=DAYS_A_WEEK), AfterValidator(refuse_short_week)]
Years = Annotated[tuple[CalendarYear, ...], Field(max_length=MAX_YEARS), AfterValidator(refuse_duplicates)]


class WorkTimes(Publication):
    """The working times of a calendar: the week from Monday on, and days off and make-up workdays for each year."""

    zone: Zone = "Asia/Shanghai"
    week: Week
    made_up: WorkDay
    years: Years = ()


class ClosedDays(Command):
    """Days that are not worked in a calendar, or only in the intervals `worked`, and the reason."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=MAX_CLOSED_AT_ONCE)]
    reason: Code | None = None
    worked: WorkDay = ()


class CloseDays(ClosedDays):
    """Close days of the calendar `name`, in the version in force at `at` and in all waiting versions."""

    name: Code
    at: Instant


class OpenDay(Command):
    """Remove the closure of a day of the calendar `name`, in the same versions."""

    name: Code
    at: Instant
    day: Day


ClosureCommand = CloseDays | OpenDay
