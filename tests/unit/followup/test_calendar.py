"""Calendars in examples: what is shipped, what may be published, and when promised work time ends."""

from datetime import date, datetime, timedelta

import pytest
from pydantic import ValidationError

from chassis.rules.calendars.shipped import CHINA_OFFICE, SHIPPED
from chassis.rules.calendars.work_calendar import work_calendar
from contracts.followup import WorkInterval, YearStatus
from services.followup.commands import WorkTimes

shipped = SHIPPED[CHINA_OFFICE]
CHINA = work_calendar(shipped)
IDLE: list[list[dict[str, int]]] = [[]] * 6


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA.zone)


@pytest.mark.parametrize(
    ("week", "sentence"),
    [
        (IDLE, "seven days"),
        ([[{"start": 540, "end": 540}], *IDLE], "must end after its start"),
        ([[{"start": 540, "end": 1441}], *IDLE], "less than or equal to 1440"),
        ([[{"start": 540, "end": 720}, {"start": 700, "end": 800}], *IDLE], "must not overlap"),
        ([[{"start": 810, "end": 900}, {"start": 540, "end": 720}], *IDLE], "must be in order"),
        ([[{"start": n, "end": n + 1} for n in range(13)], *IDLE], "at most 12"),
    ],
)
def test_a_week_that_cannot_be_is_refused(week: object, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        WorkTimes.model_validate({"week": week, "made_up": []})


@pytest.mark.parametrize(
    ("years", "sentence"),
    [
        ([{"year": 2026, "status": "confirmed"}], "needs a source"),
        ([{"year": 2026, "status": "provisional", "holidays": ["2025-10-01"]}], "must be in 2026"),
        (
            [{"year": 2026, "status": "provisional", "holidays": ["2026-10-01"], "workdays": ["2026-10-01"]}],
            "a holiday and a workday",
        ),
        ([{"year": 2026, "status": "provisional"}] * 2, "may occur only once"),
        ([{"year": year, "status": "provisional"} for year in range(2000, 2051)], "at most 50"),
    ],
)
def test_years_that_contradict_themselves_are_refused(years: object, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        WorkTimes.model_validate({"week": [[], *IDLE], "made_up": [], "years": years})


def test_a_zone_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValidationError, match="IANA"):
        WorkTimes.model_validate({"zone": "Asia/Atlantis", "week": [[], *IDLE], "made_up": []})


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])
def test_the_years_that_are_shipped_name_their_notice(year: int) -> None:
    (found,) = [each for each in shipped.years if each.year == year]
    assert found.status is YearStatus.CONFIRMED
    assert f"国务院办公厅关于{year}年部分节假日安排的通知, {year - 1}-" in (found.source or "")
    # What is made up for lies on a weekend; on a weekday it would make up for nothing.
    assert all(day.weekday() >= 5 for day in found.workdays)


@pytest.mark.parametrize(("year", "days"), [(2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_a_shipped_year_has_as_many_workdays_as_the_official_one(year: int, days: int) -> None:
    all_days = (date(year, 1, 1) + timedelta(days=number) for number in range(366))
    assert sum(CHINA.is_workday(day) for day in all_days if day.year == year) == days


def test_a_year_whose_notice_is_not_out_has_weekends_only_and_says_so() -> None:
    assert CHINA.is_workday(date(2027, 10, 1))
    assert not CHINA.is_workday(date(2027, 10, 2))
    assert CHINA.is_provisional(at("2026-12-31 09:00"), at("2027-01-04 09:00"))
    assert not CHINA.is_provisional(at("2026-01-01 00:00"), at("2026-12-31 23:59"))


# What public trackers of other systems report as wrong there.
@pytest.mark.parametrize(
    ("since", "minutes", "until"),
    [
        pytest.param("2026-02-13 17:30", 60, "2026-02-14 09:30", id="a make-up Saturday before Spring Festival"),
        pytest.param("2026-02-14 17:30", 60, "2026-02-24 09:30", id="nine days off"),
        pytest.param("2026-03-02 11:30", 60, "2026-03-02 14:00", id="several intervals a day"),
        pytest.param("2026-03-02 12:15", 30, "2026-03-02 14:00", id="raised in the lunch hour"),
        pytest.param("2026-03-06 19:00", 30, "2026-03-09 09:30", id="raised on Friday night"),
        pytest.param("2026-03-02 09:00", 450, "2026-03-02 18:00", id="due at the very end of a day"),
    ],
)
def test_promised_work_time_ends_when_people_have_worked_it(since: str, minutes: int, until: str) -> None:
    assert CHINA.after(at(since), timedelta(minutes=minutes)) == at(until)


def test_a_company_may_put_its_own_hours_on_make_up_days() -> None:
    short = shipped.model_copy(update={"made_up": (WorkInterval(start=600, end=660),)})
    assert work_calendar(short).elapsed(at("2026-02-14 00:00"), at("2026-02-15 00:00")) == timedelta(hours=1)
