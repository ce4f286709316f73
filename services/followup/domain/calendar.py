"""The rules of a calendar: each publication, closure or opening is a whole new version with the next number."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from chassis.commands.decider import Decider, RejectedError
from contracts import followup as events
from contracts.followup.calendar import MAX_CLOSURES, Closure
from services.followup.calendars.shipped import SHIPPED
from services.followup.commands.calendar import CalendarCommand, CloseDays, OpenDay, PublishCalendar

Event = events.CalendarPublished


def decide(latest: Event | None, command: CalendarCommand) -> list[Event]:
    """Return the next version: none when the latest, which may be the one shipped, says the same."""
    latest = latest or SHIPPED.get(command.name)
    match command:
        case PublishCalendar():
            return published(latest, command)
        case CloseDays() | OpenDay():
            return reclosed(latest, command)


def published(latest: Event | None, command: PublishCalendar) -> list[Event]:
    """Who publishes what is worked says nothing of closures: they stay."""
    version = events.CalendarPublished(
        name=command.name,
        number=latest.number + 1 if latest else 1,
        zone=command.zone,
        week=command.week,
        made_up=command.made_up,
        years=command.years,
        closures=latest.closures if latest else (),
    )
    return [] if latest and version == latest.model_copy(update={"number": version.number}) else [version]


def reclosed(latest: Event | None, command: CloseDays | OpenDay) -> list[Event]:
    if latest is None:
        raise RejectedError(
            "calendar-unknown", "No calendar of this name has been published.", "没有该名称的工作日历。"
        )
    before = {each.day: each for each in latest.closures}
    after = closures_after(before, command)
    if len(after) > MAX_CLOSURES:
        raise RejectedError(
            "too-many-closures",
            f"A calendar has up to {MAX_CLOSURES} closures: take back those that are long past.",
            f"一个日历最多 {MAX_CLOSURES} 个休息日：请撤销早已过去的休息日。",
        )
    changes: dict[str, Any] = {"number": latest.number + 1, "closures": tuple(after[day] for day in sorted(after))}
    return [] if after == before else [latest.model_copy(update=changes)]


def closures_after(before: Mapping[date, Closure], command: CloseDays | OpenDay) -> dict[date, Closure]:
    match command:
        case CloseDays(days=days, reason=reason):
            return {**before, **{day: Closure(day=day, reason=reason) for day in days}}
        case OpenDay(day=opened):
            return {day: each for day, each in before.items() if day != opened}


def evolve(_latest: Event | None, event: Event) -> Event:
    """Apply one fact. A fact is never refused: it has already happened."""
    return event


CALENDAR: Decider[Event | None] = Decider(initial=None, decide=decide, evolve=evolve)
