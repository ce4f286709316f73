"""Days off of a team: a version of its calendar in which nothing is worked, and what that does to what was promised."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from chassis.rules.calendars.shipped import CHINA_OFFICE, SHIPPED
from chassis.rules.calendars.work_calendar import work_calendar
from chassis.versions.decider import Publish, Timeline, version_of
from contracts.examples import example
from contracts.followup import CalendarPublished, Closure, Severity
from contracts.followup.calendar import MAX_CLOSED_AT_ONCE, MAX_CLOSURES
from services.followup.commands import WorkTimes
from services.followup.commands.calendar import CloseDays, ClosedDays, OpenDay
from services.followup.commands.complaint import WorkMoment
from services.followup.domain import complaint_clock
from services.followup.domain.calendar import CALENDAR
from services.followup.domain.complaint_clock import ComplaintClock
from tests.support.spec import Spec

calendar = Spec(CALENDAR.decider)
shipped = SHIPPED[CHINA_OFFICE]
OUTING = date(2026, 3, 4)
MADE_UP_SATURDAY = date(2026, 2, 14)
FIRST = datetime(2026, 2, 1, tzinfo=UTC)
UNHURRIED = settings(deadline=None)
instants = st.integers(0, 60 * 24 * 90).map(lambda minutes: FIRST + timedelta(minutes=minutes))
closed_days = st.sets(st.integers(0, 90), max_size=20).map(
    lambda days: [(FIRST + timedelta(days=day)).date() for day in sorted(days)]
)


def close(*days: date, reason: str | None = None) -> CloseDays:
    return CloseDays(name=CHINA_OFFICE, at=FIRST, days=days, reason=reason)


def reopen(day: date) -> OpenDay:
    return OpenDay(name=CHINA_OFFICE, at=FIRST, day=day)


def closed(*days: date, number: int = 2, reason: str | None = None) -> CalendarPublished:
    closures = tuple(Closure(day=day, reason=reason) for day in days)
    return shipped.model_copy(update={"number": number, "closures": closures})


def test_closing_a_day_is_a_whole_new_version_in_which_nothing_is_worked_then() -> None:
    version = closed(OUTING, reason="outing")
    calendar.given().when(close(OUTING, reason="outing")).then(version)
    assert work_calendar(shipped).is_workday(OUTING)
    assert not work_calendar(version).is_workday(OUTING)


def test_what_is_closed_already_is_closed_once() -> None:
    calendar.given(closed(OUTING)).when(close(OUTING)).then()
    calendar.given().when(reopen(OUTING)).then()


def test_closures_stand_in_order_whichever_came_first() -> None:
    earlier = OUTING - timedelta(days=2)
    calendar.given(closed(OUTING)).when(close(earlier)).then(closed(earlier, OUTING, number=3))


def test_a_make_up_workday_that_was_closed_is_one_again_once_it_is_taken_back() -> None:
    version = closed(MADE_UP_SATURDAY)
    assert not work_calendar(version).is_workday(MADE_UP_SATURDAY)
    calendar.given(version).when(reopen(MADE_UP_SATURDAY)).then(closed(number=3))
    assert work_calendar(closed(number=3)).is_workday(MADE_UP_SATURDAY)


def test_who_publishes_the_official_days_leaves_the_closures_as_they_are() -> None:
    said = version_of(
        CalendarPublished, WorkTimes(week=shipped.week, made_up=(), years=shipped.years), name=CHINA_OFFICE
    )
    kept = said.model_copy(update={"number": 3, "closures": closed(OUTING).closures})
    calendar.given(closed(OUTING)).when(Publish(version=said, at=FIRST)).then(kept)


def test_a_calendar_that_was_never_published_has_no_days_to_close() -> None:
    calendar.given().when(CloseDays(name="nowhere", at=FIRST, days=(OUTING,))).then_rejected("calendar-unknown")


def test_a_calendar_has_so_many_closures_and_no_more() -> None:
    full = closed(*(date(2020, 1, 1) + timedelta(days=number) for number in range(MAX_CLOSURES)))
    calendar.given(full).when(close(OUTING)).then_rejected("too-many-closures")


def test_a_day_is_closed_in_the_version_in_force_and_in_those_that_wait() -> None:
    later = FIRST + timedelta(days=30)
    idle = shipped.model_copy(update={"number": 2, "week": ((),) * 7, "effective_from": later})
    closed_now = closed(OUTING, number=3)
    closed_then = idle.model_copy(update={"number": 4, "closures": closed_now.closures})
    calendar.given(idle).when(close(OUTING)).then(closed_now, closed_then)
    calendar.given(idle, closed_now, closed_then).when(close(OUTING)).then()
    timeline = CALENDAR.decider.fold(Timeline(), [idle, closed_now, closed_then])
    assert CALENDAR.in_force(timeline, CHINA_OFFICE, FIRST) == closed_now
    assert CALENDAR.in_force(timeline, CHINA_OFFICE, later) == closed_then


@pytest.mark.parametrize("number", [0, MAX_CLOSED_AT_ONCE + 1])
def test_a_request_closes_a_day_at_least_and_a_month_at_most(number: int) -> None:
    with pytest.raises(ValidationError):
        ClosedDays(days=tuple(OUTING + timedelta(days=each) for each in range(number)))


@UNHURRIED
@given(st.lists(instants, min_size=3, max_size=3), closed_days)
def test_work_time_adds_up_whatever_is_closed(some: list[datetime], days: list[date]) -> None:
    first, second, third = some
    work = work_calendar(closed(*days))
    assert work.elapsed(first, third) == work.elapsed(first, second) + work.elapsed(second, third)


@UNHURRIED
@given(instants, instants, closed_days)
def test_a_closure_keeps_the_time_that_was_used_and_never_promises_less_than_is_left(
    raised_at: datetime, closed_at: datetime, days: list[date]
) -> None:
    assume(raised_at <= closed_at)
    before = ComplaintClock(complaint_clock.started(Severity.LOW, WorkMoment(raised_at, shipped)))
    spent = complaint_clock.used(before, WorkMoment(closed_at, shipped))
    after = complaint_clock.recalculated(before, WorkMoment(closed_at, closed(*days), former=shipped))
    if after is None:
        return
    assert after.used_seconds == int(spent.total_seconds())
    assert after.calendar_number == 2
    left = timedelta(minutes=after.resolve_minutes) - spent
    if left > timedelta():
        assert work_calendar(closed(*days)).elapsed(closed_at, after.resolve_by) == left
        assert after.resolve_by >= before.target.resolve_by


def test_the_example_closes_a_day() -> None:
    assert not work_calendar(example(CalendarPublished)).is_workday(date(2024, 6, 28))
