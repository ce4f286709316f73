"""When the rungs of a ladder are due: in work time, without snoozes, until somebody acknowledges the alert."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from chassis.rules.calendars.shipped import CHINA_OFFICE, SHIPPED
from chassis.rules.calendars.work_calendar import working
from chassis.rules.worktime import WorkCalendar
from contracts import alerts as events
from contracts.alerts import AlertSeverity, Whom
from contracts.event import Event
from contracts.examples import example, example_envelope
from services.alerts.ladder.clock import next_rung_at, progress_of
from services.alerts.shipped.ladders import LADDERS

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = working(SHIPPED[CHINA_OFFICE])
NEVER = WorkCalendar(SHANGHAI, ((),) * 7)
Told = Sequence[tuple[str, Event]]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def raised() -> Event:
    return example(events.AlertRaised)


def snoozed(until: str) -> Event:
    return example(events.AlertSnoozed, snoozed_until=at(until))


def rung(level: int) -> Event:
    return example(events.AlertEscalated, escalation_level=level)


def due(told: Told, calendar: WorkCalendar = CHINA) -> str | None:
    envelopes = [example_envelope(event, recorded_at=at(when)) for when, event in told]
    found = next_rung_at(progress_of(envelopes, LADDERS[AlertSeverity.CRITICAL].rungs, calendar), calendar)
    return f"{calendar.opening(found).astimezone(SHANGHAI):%F %H:%M}" if found else None


UNSNOOZED, ACKNOWLEDGED = example(events.AlertUnsnoozed), example(events.AlertAcknowledged)
# 2025-09-28 is a make-up workday, a Sunday; 2025-10-01 to 2025-10-08 are holidays.
CASES: dict[str, tuple[Told, str | None]] = {
    "in work time at once": ([("2025-09-29 10:00", raised())], "2025-09-29 10:00"),
    "before work time at its start": ([("2025-09-29 06:00", raised())], "2025-09-29 09:00"),
    "in the lunch break after it": ([("2025-09-29 12:30", raised())], "2025-09-29 13:30"),
    "on a make-up workday": ([("2025-09-28 08:00", raised())], "2025-09-28 09:00"),
    "in the holidays after them": ([("2025-10-02 10:00", raised())], "2025-10-09 09:00"),
    "the leader after an hour": ([("2025-09-29 10:00", raised()), ("2025-09-29 10:00", rung(1))], "2025-09-29 11:00"),
    "the hour goes over the night": (
        [("2025-09-29 17:30", raised()), ("2025-09-29 17:30", rung(1))],
        "2025-09-30 09:30",
    ),
    "four hours go over the holidays": (
        [("2025-09-30 16:00", raised()), ("2025-09-30 16:00", rung(1)), ("2025-09-30 17:00", rung(2))],
        "2025-10-09 11:00",
    ),
    "an hour that ends with the day is over in the morning": (
        [("2025-09-29 17:00", raised()), ("2025-09-29 17:00", rung(1))],
        "2025-09-30 09:00",
    ),
    "after the last rung nothing": ([("2025-09-29 10:00", raised()), ("2025-09-29 15:30", rung(3))], None),
    "a snooze stops the clock": (
        [
            ("2025-09-29 10:00", raised()),
            ("2025-09-29 10:00", rung(1)),
            ("2025-09-29 10:40", snoozed("2025-09-30 10:00")),
        ],
        "2025-09-30 10:20",
    ),
    "a snooze that ends at night continues in the morning": (
        [
            ("2025-09-29 10:00", raised()),
            ("2025-09-29 10:00", rung(1)),
            ("2025-09-29 10:40", snoozed("2025-09-30 05:00")),
        ],
        "2025-09-30 09:20",
    ),
    "a longer snooze replaces a shorter one": (
        [
            ("2025-09-29 10:00", raised()),
            ("2025-09-29 10:00", rung(1)),
            ("2025-09-29 10:40", snoozed("2025-09-29 11:00")),
            ("2025-09-29 10:50", snoozed("2025-09-29 16:00")),
        ],
        "2025-09-29 16:20",
    ),
    "the end of a snooze starts the clock": (
        [
            ("2025-09-29 10:00", raised()),
            ("2025-09-29 10:00", rung(1)),
            ("2025-09-29 10:40", snoozed("2025-10-09 10:00")),
            ("2025-09-29 14:00", UNSNOOZED),
        ],
        "2025-09-29 14:20",
    ),
    "an unsnooze after the snooze changes nothing": (
        [
            ("2025-09-29 10:00", raised()),
            ("2025-09-29 10:00", rung(1)),
            ("2025-09-29 10:10", snoozed("2025-09-29 10:20")),
            ("2025-09-29 10:30", UNSNOOZED),
        ],
        "2025-09-29 11:10",
    ),
    "an alert that is raised again is snoozed still": (
        [
            ("2025-09-29 10:00", raised()),
            ("2025-09-29 10:40", snoozed("2025-09-30 10:00")),
            ("2025-09-29 11:00", example(events.AlertCleared)),
            ("2025-09-29 12:00", example(events.AlertRaised, snoozed_until=at("2025-09-30 10:00"))),
        ],
        "2025-09-30 10:00",
    ),
    "an acknowledgement stops it for good": (
        [("2025-09-29 06:00", raised()), ("2025-09-29 07:00", ACKNOWLEDGED)],
        None,
    ),
    "a snooze after the acknowledgement starts nothing": (
        [
            ("2025-09-29 06:00", raised()),
            ("2025-09-29 07:00", ACKNOWLEDGED),
            (
                "2025-09-29 08:00",
                example(events.AlertSnoozed, status="acknowledged", snoozed_until=at("2025-09-29 10:00")),
            ),
        ],
        None,
    ),
    "the end stops it": ([("2025-09-29 06:00", raised()), ("2025-09-29 07:00", example(events.AlertCleared))], None),
    "another owner and a merge change nothing": (
        [
            ("2025-09-29 17:30", raised()),
            ("2025-09-29 17:30", rung(1)),
            ("2025-09-29 17:40", example(events.AlertReaddressed)),
            ("2025-09-29 17:50", example(events.AlertCarriedAway)),
            ("2025-09-29 17:50", example(events.AlertCarriedIn)),
        ],
        "2025-09-30 09:30",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_next_rung_is_due(name: str) -> None:
    told, expected = CASES[name]
    assert due(told) == expected


@pytest.mark.parametrize("severity", LADDERS)
def test_every_ladder_begins_with_the_owner_at_once_and_goes_up(severity: AlertSeverity) -> None:
    rungs = LADDERS[severity].rungs
    assert (rungs[0].whom, rungs[0].after_minutes) == (Whom.OWNER, 0)
    order = list(Whom)
    assert [rung.whom for rung in rungs] == order[: len(rungs)]
    assert sorted({rung.after_minutes for rung in rungs}) == [rung.after_minutes for rung in rungs]


def test_every_severity_has_a_ladder() -> None:
    assert set(LADDERS) == set(AlertSeverity)


def test_without_any_work_time_nothing_is_due() -> None:
    assert due([("2025-09-29 10:00", raised()), ("2025-09-29 10:00", rung(1))], NEVER) is None
