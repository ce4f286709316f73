"""The rules of a calendar: versions, and closures, each of which makes a new version."""

from collections.abc import Sequence

from chassis.commands.decider import RejectedError
from chassis.rules.calendars.shipped import SHIPPED
from chassis.versions.decider import Kind, Timeline, waiting
from contracts.followup.calendar import MAX_CLOSURES, CalendarPublished, Closure
from services.followup.commands.calendar import CloseDays, ClosureCommand, OpenDay


def complete(latest: CalendarPublished | None, version: CalendarPublished) -> CalendarPublished:
    """Return the version with the closures of the latest one: publishing working times keeps them."""
    return version.model_copy(update={"closures": latest.closures if latest else ()})


def decide_closures(timeline: Timeline[CalendarPublished], command: ClosureCommand) -> list[CalendarPublished]:
    """Return the version in force and the waiting ones again, with the changed closures; none if nothing changes."""
    known = CALENDAR.known(timeline, command.name)
    present = CALENDAR.in_force(timeline, command.name, command.at)
    if present is None:
        raise RejectedError("calendar-unknown", "There is no calendar of this name.", "没有该名称的工作日历。")
    before = [present.model_copy(update={"effective_from": None}), *waiting(known, command.at)]
    after = [each.model_copy(update={"closures": closures_after(each.closures, command)}) for each in before]
    return [] if after == before else renumbered(after, known[-1].number + 1)


def renumbered(versions: Sequence[CalendarPublished], first: int) -> list[CalendarPublished]:
    return [each.model_copy(update={"number": number}) for number, each in enumerate(versions, first)]


def closures_after(before: Sequence[Closure], command: ClosureCommand) -> tuple[Closure, ...]:
    """Return the closures in the order of their days."""
    closures = {each.day: each for each in before}
    match command:
        case CloseDays(days=days, reason=reason, worked=worked):
            closures |= {day: Closure(day=day, reason=reason, worked=worked) for day in days}
        case OpenDay(day=opened):
            closures.pop(opened, None)
    if len(closures) > MAX_CLOSURES:
        raise RejectedError(
            "too-many-closures",
            f"A calendar has at most {MAX_CLOSURES} closures. Remove old ones first.",
            f"一个日历最多 {MAX_CLOSURES} 个休息日，请先撤销早已过去的休息日。",
        )
    return tuple(closures[day] for day in sorted(closures))


CALENDAR = Kind(("calendar",), name_field="name", shipped=SHIPPED, complete=complete, decide_other=decide_closures)
