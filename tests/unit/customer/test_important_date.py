"""When an important date occurs, by either calendar, and that each occurrence is recorded once."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.customer import ImportantDateApproaching
from contracts.examples import KEY_CONTACT_ID
from services.customer.commands.personal_data import Calendar, ImportantDate
from services.customer.domain.important_date import IMPORTANT_DATE, LEAD_DAYS, AnnounceDate, falls_on, lunar
from tests.support.spec import Spec


def known(month: int, day: int, calendar: Calendar = Calendar.SOLAR) -> ImportantDate:
    return ImportantDate(kind="birthday", month=month, day=day, calendar=calendar)


@pytest.mark.parametrize(
    ("year", "month", "day", "expected"),
    [
        (2024, 1, 1, date(2024, 2, 10)),
        (2025, 1, 1, date(2025, 1, 29)),
        (2026, 1, 1, date(2026, 2, 17)),
        (2024, 8, 15, date(2024, 9, 17)),
        (2025, 8, 15, date(2025, 10, 6)),
        (2026, 8, 15, date(2026, 9, 25)),
        (2024, 12, 30, date(2025, 1, 28)),
    ],
    ids=[
        "spring 2024",
        "spring 2025",
        "spring 2026",
        "autumn 2024",
        "autumn 2025",
        "autumn 2026",
        "a month of 29 days",
    ],
)
def test_the_lunar_calendar_is_the_public_one(year: int, month: int, day: int, expected: date) -> None:
    assert lunar(known(month, day, Calendar.LUNAR), year) == expected


@pytest.mark.parametrize("days_ahead", [0, 1, LEAD_DAYS])
def test_a_day_is_near_for_a_week_and_on_the_day_itself(days_ahead: int) -> None:
    on = date(2026, 1, 3)
    assert falls_on(known(1, 3), on - timedelta(days=days_ahead)) == on
    assert falls_on(known(1, 3), on - timedelta(days=LEAD_DAYS + 1)) is None
    assert falls_on(known(1, 3), on + timedelta(days=1)) is None


def test_the_29th_of_february_is_remembered_on_the_28th_in_other_years() -> None:
    assert falls_on(known(2, 29), date(2026, 2, 25)) == date(2026, 2, 28)
    assert falls_on(known(2, 29), date(2028, 2, 25)) == date(2028, 2, 29)


def test_the_end_of_the_lunar_year_lies_in_the_next_solar_one() -> None:
    assert falls_on(known(12, 30, Calendar.LUNAR), date(2025, 1, 25)) == date(2025, 1, 28)


@given(st.dates(date(1950, 1, 1), date(2098, 12, 31)), st.integers(1, 12), st.integers(1, 30))
def test_a_lunar_date_occurs_within_thirteen_months(today: date, month: int, day: int) -> None:
    found = [
        falls_on(known(month, day, Calendar.LUNAR), today + timedelta(days=each)) for each in range(0, 400, LEAD_DAYS)
    ]
    assert any(found)


def test_an_occurrence_is_recorded_once() -> None:
    command = AnnounceDate(key_contact_id=KEY_CONTACT_ID, kind="birthday", on=date(2026, 9, 25))
    said = ImportantDateApproaching(key_contact_id=KEY_CONTACT_ID, kind="birthday", on=date(2026, 9, 25))
    Spec(IMPORTANT_DATE).given().when(command).then(said)
    Spec(IMPORTANT_DATE).given(said).when(command).then()
