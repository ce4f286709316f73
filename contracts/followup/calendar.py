"""Versions of named work calendars. Configuration: the subject is the calendar (ADR 0008)."""

from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.field_error import FieldError
from contracts.types import Code, Name, Word
from contracts.version import Published

MINUTES_A_DAY = 1_440
DAYS_A_WEEK = 7
MAX_INTERVALS = 12
MAX_YEARS = 50
MAX_SPECIAL_DAYS = 366
MAX_CLOSURES = 1_000
MAX_CLOSED_AT_ONCE = 31
FIRST_YEAR, LAST_YEAR = 1900, 2200


class YearStatus(StrEnum):
    CONFIRMED = "confirmed"
    PROVISIONAL = "provisional"


class CalendarPart(BaseModel):
    """The base class of the parts of a calendar, which are the same in the request and in the event."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class WorkInterval(CalendarPart):
    """A working interval of a day, in minutes after midnight: `start` is included, `end` is not."""

    start: int = Field(ge=0, lt=MINUTES_A_DAY)
    end: int = Field(gt=0, le=MINUTES_A_DAY)

    @model_validator(mode="after")
    def end_after_start(self) -> "WorkInterval":
        if self.end <= self.start:
            raise FieldError("an interval must end after its start", "时段的结束须晚于开始", "end")
        return self


def in_order(intervals: tuple[WorkInterval, ...]) -> bool:
    return all(one.end <= other.start for one, other in pairwise(intervals))


Intervals = Annotated[tuple[WorkInterval, ...], Field(max_length=MAX_INTERVALS)]
Days = Annotated[tuple[date, ...], Field(max_length=MAX_SPECIAL_DAYS)]


class HalfDay(CalendarPart):
    """A day of which only a part is worked, such as a holiday in the afternoon: `worked` are its intervals."""

    day: date
    worked: Intervals

    @model_validator(mode="after")
    def worked_in_part(self) -> "HalfDay":
        if not self.worked:
            raise FieldError(
                "a half day has a working interval; a day without one is a holiday",
                "半天假须有上班时段；全天不上班的属于休息日",
                "worked",
            )
        if not in_order(self.worked):
            raise FieldError(
                "the intervals of a day must be in order and must not overlap",
                "同一天的时段须按先后排列且不重叠",
                "worked",
            )
        return self


class CalendarYear(CalendarPart):
    """The holidays, half days and make-up workdays of one year, and their official source.

    In a `provisional` year, the official days are not known yet.
    """

    year: int = Field(ge=FIRST_YEAR, le=LAST_YEAR)
    status: YearStatus
    source: Name | None = None
    holidays: Days = ()
    workdays: Days = ()
    half_days: Annotated[tuple[HalfDay, ...], Field(max_length=MAX_SPECIAL_DAYS)] = ()

    @model_validator(mode="after")
    def days_of_this_year(self) -> "CalendarYear":
        halves = [each.day for each in self.half_days]
        if any(day.year != self.year for day in (*self.holidays, *self.workdays, *halves)):
            raise FieldError(f"every day must be in {self.year}", f"日期都须在 {self.year} 年内")
        if set(self.holidays) & set(self.workdays):
            raise FieldError("a day cannot be a holiday and a workday", "同一天不能既休息又上班")
        if len(set(halves)) < len(halves) or set(halves) & {*self.holidays, *self.workdays}:
            raise FieldError(
                "a half day may occur only once, and is no holiday and no make-up workday",
                "半天假只能出现一次，且不能同时为休息日或调休上班日",
                "half_days",
            )
        if self.status is YearStatus.CONFIRMED and self.source is None:
            raise FieldError("a confirmed year needs a source", "已确认的年份须注明来源", "source")
        return self


class Closure(CalendarPart):
    """A day on which the company does not work, or only the intervals `worked`, such as for stocktaking.

    It overrides workdays, half days and make-up workdays.
    """

    day: date
    reason: Code | None = None
    worked: Intervals = ()


class CalendarPublished(Published):
    """A new version of a work calendar was published. The subject is the calendar, not a customer.

    `week` contains the working intervals from Monday to Sunday, `made_up` those of a make-up workday. `closures` are
    days on which the company does not work, in order.
    """

    type: Literal["care.followup.calendar-published.v1"] = "care.followup.calendar-published.v1"
    name: Code
    zone: Word
    week: tuple[tuple[WorkInterval, ...], ...]
    made_up: tuple[WorkInterval, ...]
    years: tuple[CalendarYear, ...] = ()
    closures: tuple[Closure, ...] = ()


CalendarEvent = CalendarPublished
