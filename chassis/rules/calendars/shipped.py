"""The shipped calendar: offices in China, with the State Council's days off."""

from pathlib import Path

from contracts.followup.calendar import CalendarPublished, CalendarYear, WorkInterval

CHINA_OFFICE = "china-office"
OFFICE_HOURS = (WorkInterval(start=9 * 60, end=12 * 60), WorkInterval(start=13 * 60 + 30, end=18 * 60))
WORKDAYS, WEEKEND = 5, 2


def china_years() -> tuple[CalendarYear, ...]:
    """Return the years of the JSON files in this folder, the earliest first."""
    files = sorted(Path(__file__).parent.glob("china-*.json"))
    return tuple(CalendarYear.model_validate_json(file.read_text(encoding="utf-8")) for file in files)


SHIPPED = {
    CHINA_OFFICE: CalendarPublished(
        name=CHINA_OFFICE,
        number=1,
        zone="Asia/Shanghai",
        week=(OFFICE_HOURS,) * WORKDAYS + ((),) * WEEKEND,
        made_up=OFFICE_HOURS,
        years=china_years(),
    )
}
