"""The published work calendars, which are facts of followup."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from chassis.postgres.database import Connection, Pool
from chassis.rules.calendars.shipped import CHINA_OFFICE, SHIPPED
from chassis.rules.calendars.work_calendar import working
from chassis.rules.worktime import WorkCalendar
from chassis.versions.decider import Kind, Timeline, evolve
from contracts.cloudevents import type_of
from contracts.followup import CalendarPublished

PUBLISHED = f"""
    SELECT recorded_at, data::text AS data FROM fact
    WHERE type = '{type_of(CalendarPublished)}' AND data ->> 'name' = $1 ORDER BY position
"""  # noqa: S608
CALENDAR: Final = Kind(("calendar",), name_field="name", shipped=SHIPPED)


class Publication(NamedTuple):
    recorded_at: datetime
    version: CalendarPublished


async def publications(source: "Connection | Pool", name: str) -> list[Publication]:
    """Return the received versions of a calendar, in the order of their publication."""
    rows = await source.fetch(PUBLISHED, name)
    return [Publication(row["recorded_at"], CalendarPublished.model_validate_json(row["data"])) for row in rows]


def is_lost(name: str, published: Sequence[Publication]) -> bool:
    """Return whether no version of a calendar is known."""
    return not published and name not in CALENDAR.shipped


async def lost_calendars(source: "Connection | Pool", names: Iterable[str]) -> list[str]:
    """Return those of the named calendars of which no version is known, in the order of names."""
    return [name for name in sorted(set(names)) if is_lost(name, await publications(source, name))]


def next_change(published: Sequence[Publication], now: datetime) -> datetime | None:
    """Return when the next version that waits comes into force; None if none waits."""
    instants = (each.version.effective_from for each in published)
    return min((at for at in instants if at and at > now), default=None)


def calendar_in_force(published: Sequence[Publication], name: str, at: datetime) -> WorkCalendar | None:
    """Return the calendar in force at an instant, by what was published until then."""
    timeline: Timeline[CalendarPublished] = Timeline()
    for each in published:
        if each.recorded_at <= at:
            timeline = evolve(timeline, each.version)
    version = CALENDAR.in_force(timeline, name, at)
    return working(version) if version else None


def calendar_at(published: Sequence[Publication], name: str, at: datetime) -> WorkCalendar:
    """Return the calendar in force at an instant; before any is, the first one.

    A definition names only a calendar that is in force. But the calendar was recorded by the clock of followup, which
    may be ahead, or it was published again after a restore. If no version was received, because a restore has lost all,
    the shipped calendar counts instead: see `lost_calendars`.
    """
    if calendar := calendar_in_force(published, name, at):
        return calendar
    return working(published[0].version if published else SHIPPED[CHINA_OFFICE])
