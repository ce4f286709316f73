"""Case 24: half-day holidays and half-day closures in a calendar."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chassis.rules.calendars.shipped import CHINA_OFFICE, OFFICE_HOURS, SHIPPED
from chassis.rules.calendars.work_calendar import work_calendar
from contracts.followup import CalendarPublished, CalendarYear, Closure, HalfDay, WorkInterval, YearStatus
from tests.integration.followup.conftest import World
from tests.integration.followup.test_calendars import MORNING, MORNINGS, put

# Monday, 8 March 2027, and a Sunday before it.
WOMENS_DAY, SUNDAY = date(2027, 3, 8), date(2027, 3, 7)
FORENOON = OFFICE_HOURS[:1]
HALF = {"day": "2027-03-08", "worked": MORNING}


def calendar(**changes: Any) -> CalendarPublished:
    return SHIPPED[CHINA_OFFICE].model_copy(update=changes)


def year(**days: Any) -> CalendarYear:
    return CalendarYear(year=2027, status=YearStatus.PROVISIONAL, **days)


def at(day: date, hour: int) -> datetime:
    """Return an hour of Beijing."""
    return datetime(day.year, day.month, day.day, hour - 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "version",
    [
        calendar(years=(year(half_days=(HalfDay(day=WOMENS_DAY, worked=FORENOON),)),)),
        calendar(closures=(Closure(day=WOMENS_DAY, worked=FORENOON),)),
    ],
)
def test_24_only_the_worked_part_of_a_half_day_is_work_time(version: CalendarPublished) -> None:
    half = work_calendar(version)
    assert half.is_workday(WOMENS_DAY)
    assert half.elapsed(at(WOMENS_DAY, 9), at(WOMENS_DAY, 18)) == timedelta(hours=3)
    # Three hours are worked on Monday, the fourth on Tuesday.
    assert half.after(at(WOMENS_DAY, 9), timedelta(hours=4)) == at(WOMENS_DAY + timedelta(days=1), 10)
    assert half.workdays_after(SUNDAY, 1) == WOMENS_DAY


def test_24_a_half_day_on_a_weekend_is_worked() -> None:
    half = work_calendar(calendar(years=(year(half_days=(HalfDay(day=SUNDAY, worked=FORENOON),)),)))
    assert half.elapsed(at(SUNDAY, 9), at(SUNDAY, 18)) == timedelta(hours=3)


def test_24_a_closure_overrides_a_half_day() -> None:
    halves = (year(half_days=(HalfDay(day=WOMENS_DAY, worked=FORENOON),)),)
    assert not work_calendar(calendar(years=halves, closures=(Closure(day=WOMENS_DAY),))).is_workday(WOMENS_DAY)


@pytest.mark.parametrize(
    ("days", "pointer"),
    [
        ({"half_days": [HALF | {"worked": []}]}, "/years/0/half_days/0/worked"),
        ({"half_days": [HALF | {"worked": [*MORNING, *MORNING]}]}, "/years/0/half_days/0/worked"),
        ({"half_days": [HALF | {"day": "2026-03-08"}]}, "/years/0"),
        ({"half_days": [HALF, HALF]}, "/years/0/half_days"),
        ({"half_days": [HALF], "holidays": ["2027-03-08"]}, "/years/0/half_days"),
        ({"half_days": [HALF], "workdays": ["2027-03-08"]}, "/years/0/half_days"),
    ],
)
async def test_24_a_half_day_that_does_not_fit_is_refused_in_both_languages(
    world: World, days: dict[str, Any], pointer: str
) -> None:
    years = [{"year": 2027, "status": "provisional"} | days]
    refused = await put(world, "halves", MORNINGS | {"years": years})
    in_chinese = await put(world, "halves", MORNINGS | {"years": years}, accept_language="zh-CN")
    assert refused.status_code == in_chinese.status_code == 422
    [error] = refused.json()["errors"]
    assert error["pointer"].startswith(pointer)
    assert error["detail"] != in_chinese.json()["errors"][0]["detail"]


async def test_24_half_days_are_published_in_versions_and_shown_day_by_day(world: World) -> None:
    years = [{"year": 2027, "status": "provisional", "half_days": [HALF], "holidays": ["2027-03-09"]}]
    assert (await put(world, "halves", MORNINGS | {"years": years})).status_code == 201
    assert (await put(world, "halves", MORNINGS | {"years": years})).status_code == 200
    closures = {"days": ["2027-03-10"], "worked": MORNING, "reason": "outing"}
    assert (await world.post("/v1/calendars/halves/closures", closures)).is_success
    assert (await world.get("/v1/calendars/halves")).json()["years"][0]["half_days"] == [HALF]
    asked = {"from": "2027-03-08", "to": "2027-03-11"}
    found = (await world.get("/v1/calendars/halves/workdays", **asked)).json()
    assert [(day["kind"], day["is_workday"], day["intervals"]) for day in found["items"]] == [
        ("half-day", True, MORNING),
        ("holiday", False, []),
        ("closed", True, MORNING),
        ("ordinary", True, MORNING),
    ]
    assert WorkInterval(**MORNING[0]) == FORENOON[0]
