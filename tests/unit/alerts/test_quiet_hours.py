"""Until when deliverers wait: over midnight, holidays and make-up workdays, and what is refused."""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from chassis.http.field_errors import invalid_field
from chassis.rules.calendars.shipped import CHINA_OFFICE, SHIPPED
from chassis.rules.calendars.work_calendar import working
from chassis.rules.worktime import WorkCalendar
from chassis.versions.decider import version_of
from contracts.alerts import AlertSeverity, QuietDays, QuietHoursPublished, QuietWindow
from contracts.alerts.quiet_hours import MAX_WINDOWS
from services.alerts.commands import PublishQuietHours
from services.alerts.quiet_hours.windows import MAX_WAIT, QuietHours
from services.alerts.shipped.quiet_hours import QUIET_HOURS

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = working(SHIPPED[CHINA_OFFICE])
NO_WORKDAY = WorkCalendar(SHANGHAI, ((),) * 7)
WARNING = AlertSeverity.WARNING
NIGHT = {"start": 21 * 60, "end": 8 * 60}
LUNCH = {"start": 12 * 60, "end": 13 * 60}
# The whole day but for the night before it.
DAY = {"start": 8 * 60, "end": 24 * 60}
OVER_MIDNIGHT = {"start": 20 * 60, "end": 8 * 60}
DAYS_OFF = {"start": 0, "end": 24 * 60, "days": "days-off"}


def command(*windows: dict[str, Any], **changed: Any) -> PublishQuietHours:
    return PublishQuietHours.model_validate({"windows": windows, "reason": "A test"} | changed)


def quiet(*windows: dict[str, Any], calendar: WorkCalendar = CHINA, **changed: Any) -> QuietHours:
    return QuietHours(version_of(QuietHoursPublished, command(*windows, **changed)), calendar)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def waits(hours: QuietHours, when: str, severity: AlertSeverity = WARNING) -> str | None:
    found = hours.deliver_after(severity, at(when))
    return f"{found.astimezone(SHANGHAI):%F %H:%M}" if found else None


# 2025-09-28 is a make-up workday, a Sunday; 2025-10-01 to 2025-10-08 are holidays; 2025-10-11 is a make-up Saturday.
CASES: dict[str, tuple[QuietHours, str, str | None]] = {
    "at the start it waits": (quiet(LUNCH), "2025-09-29 12:00", "2025-09-29 13:00"),
    "just before it does not": (quiet(LUNCH), "2025-09-29 11:59:59.999999", None),
    "just before the end it waits": (quiet(LUNCH), "2025-09-29 12:59:59.999999", "2025-09-29 13:00"),
    "at the end it does not": (quiet(LUNCH), "2025-09-29 13:00", None),
    "before midnight it waits until the morning": (quiet(NIGHT), "2025-09-29 22:00", "2025-09-30 08:00"),
    "after midnight until the same morning": (quiet(NIGHT), "2025-09-30 03:00", "2025-09-30 08:00"),
    "at midnight too": (quiet(NIGHT), "2025-09-30 00:00", "2025-09-30 08:00"),
    "over the end of a year": (quiet(NIGHT), "2025-12-31 23:00", "2026-01-01 08:00"),
    "one window follows another": (
        quiet(LUNCH, {"start": 780, "end": 840}),
        "2025-09-29 12:30",
        "2025-09-29 14:00",
    ),
    "a holiday lasts until the first workday": (quiet(DAYS_OFF), "2025-10-03 10:00", "2025-10-09 00:00"),
    "with the nights, until the morning after it": (quiet(DAYS_OFF, NIGHT), "2025-10-03 10:00", "2025-10-09 08:00"),
    "the night before the holidays belongs to them": (
        quiet(DAYS_OFF, NIGHT),
        "2025-09-30 22:00",
        "2025-10-09 08:00",
    ),
    "an ordinary Saturday is a day off": (quiet(DAYS_OFF), "2025-09-27 10:00", "2025-09-28 00:00"),
    "a make-up Sunday is a workday": (quiet(DAYS_OFF), "2025-09-28 10:00", None),
    "a window of workdays counts on it": (
        quiet(LUNCH | {"days": "workdays"}),
        "2025-09-28 12:00",
        "2025-09-28 13:00",
    ),
    "and not on a holiday": (quiet(LUNCH | {"days": "workdays"}), "2025-10-02 12:00", None),
    "a night that began on a workday lasts into the day off": (
        quiet(NIGHT | {"days": "workdays"}),
        "2025-10-01 03:00",
        "2025-10-01 08:00",
    ),
    "a night that would begin on a day off does not": (quiet(NIGHT | {"days": "workdays"}), "2025-10-02 03:00", None),
    "without windows nothing waits": (QuietHours(QUIET_HOURS, None), "2025-10-03 03:00", None),
}


@pytest.mark.parametrize("name", CASES)
def test_deliverers_wait(name: str) -> None:
    hours, when, expected = CASES[name]
    assert waits(hours, when) == expected


def test_some_severities_ignore_the_quiet_hours() -> None:
    hours = quiet(NIGHT, ignored_by=["critical"])
    assert waits(hours, "2025-09-29 22:00", AlertSeverity.CRITICAL) is None
    assert waits(hours, "2025-09-29 22:00", AlertSeverity.ERROR) == "2025-09-30 08:00"


def test_nobody_waits_longer_than_the_longest_wait() -> None:
    hours, now = quiet(DAYS_OFF, calendar=NO_WORKDAY), at("2025-09-29 10:00")
    assert hours.deliver_after(WARNING, now) == now + MAX_WAIT


@pytest.mark.parametrize(
    ("windows", "changed", "words"),
    [
        ([{"start": 60, "end": 60}], {}, "start and end must differ"),
        ([{"start": 1_440, "end": 60}], {}, "less than 1440"),
        ([{"start": 0, "end": 1_441}], {}, "less than or equal to 1440"),
        ([LUNCH | {"days": "sundays"}], {}, "'every-day', 'workdays' or 'days-off'"),
        ([LUNCH] * (MAX_WINDOWS + 1), {}, f"at most {MAX_WINDOWS} items"),
        ([{"start": 0, "end": 1_440}], {}, "some time"),
        ([{"start": 480, "end": 1_200, "days": "workdays"}, {"start": 1_200, "end": 480}], {}, "some time"),
        ([DAY | {"days": "workdays"}, OVER_MIDNIGHT | {"days": "days-off"}], {}, "also after a day off"),
        ([DAY | {"days": "workdays"}, OVER_MIDNIGHT | {"days": "workdays"}], {}, "some time"),
        ([LUNCH], {"ignored_by": ["info", "info"]}, "only once"),
        ([LUNCH], {"ignored_by": ["fatal"]}, "critical"),
        ([LUNCH], {"reason": ""}, "at least 1 character"),
    ],
)
def test_bad_quiet_hours_are_refused(windows: list[Any], changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        command(*windows, **changed)


def test_whole_days_off_and_many_windows_are_accepted() -> None:
    assert len(command(*[DAYS_OFF] * MAX_WINDOWS).windows) == MAX_WINDOWS


def test_the_problem_of_a_workday_without_time_names_the_windows() -> None:
    with pytest.raises(ValidationError) as raised:
        command(DAY | {"days": "workdays"}, OVER_MIDNIGHT | {"days": "days-off"})
    assert invalid_field(raised.value.errors()[0]).location == ("windows",)


@pytest.mark.parametrize("seed", range(200))
def test_what_is_refused_leaves_some_workday_no_time_and_what_is_accepted_leaves_each_some(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - not for secrets
    windows = [
        QuietWindow(start=start, end=end, days=random.choice(tuple(QuietDays)))
        for start, end in random.sample(((480, 1440), (1200, 480), (1200, 470), (0, 720), (700, 1440), (1380, 900)), 3)
    ]
    accepted = is_accepted(windows)
    definition = QUIET_HOURS.model_copy(update={"windows": tuple(windows)})
    assert accepted == all(has_time(QuietHours(definition, CHINA), f"2025-09-{day}") for day in (26, 28, 29, 30))


def is_accepted(windows: list[QuietWindow]) -> bool:
    try:
        command(*[window.model_dump() for window in windows])
    except ValidationError:
        return False
    return True


def has_time(hours: QuietHours, day: str) -> bool:
    """Return whether something is delivered on a day: at midnight, or when a window ends."""
    minutes = {0, *(each.end for each in hours.definition.windows if each.end < 1440)}
    return any(hours.deliver_after(WARNING, at(day) + timedelta(minutes=each)) is None for each in minutes)
