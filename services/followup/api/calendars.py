"""HTTP for work calendars: versions, closures, and workdays."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from chassis.commands.problem import ProblemError
from chassis.http.access import OPS_OR_ADMIN, Allow, Caller, OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.http.responses import PUBLISHED, Accepted, answer
from chassis.rules.calendars.work_calendar import work_calendar
from chassis.rules.worktime import WorkCalendar
from chassis.versions.decider import version_of
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.followup.calendar import CalendarPublished, CalendarYear, Closure, WorkInterval, YearStatus
from contracts.types import Code, Day
from services.followup import commands
from services.followup.api.access import Anyone
from services.followup.commands.calendar import CloseDays, ClosedDays, ClosureCommand, OpenDay
from services.followup.dependencies import Dependencies, Needs

router = APIRouter(prefix="/v1", tags=["calendars"], route_class=StrictRoute)

MAX_DAYS = 366
A_MONTH = timedelta(days=30)
Name = Annotated[Code, Path()]


class CalendarView(BaseModel):
    """One version of a calendar. Minutes count from midnight in its zone."""

    id: UUID
    name: str
    number: int
    zone: str
    week: tuple[tuple[WorkInterval, ...], ...]
    made_up: tuple[WorkInterval, ...]
    years: tuple[CalendarYear, ...]
    closures: tuple[Closure, ...]


class DayKind(StrEnum):
    ORDINARY = "ordinary"
    HOLIDAY = "holiday"
    MADE_UP = "made-up"
    CLOSED = "closed"
    HALF_DAY = "half-day"


class DayView(BaseModel):
    """A day, its working intervals, and whether the official days off of its year are known."""

    day: date
    kind: DayKind
    status: YearStatus
    is_workday: bool
    intervals: tuple[WorkInterval, ...]


class DaysView(BaseModel):
    """Days under one version of a calendar."""

    name: str
    number: int
    workdays: int
    items: list[DayView]


async def versions(needs: Needs) -> Versions[CalendarPublished]:
    return needs.calendars


async def version_from_body(name: Name, times: commands.WorkTimes) -> CalendarPublished:
    """Publish a complete new version. Due times change when an event recalculates them."""
    return version_of(CalendarPublished, times, name=name)


VersionRoutes(
    "calendar",
    "/calendars",
    versions,
    version_from_body,
    CalendarView,
    OPS_OR_ADMIN,
    Allow(),
    parameter="name",
    number_parameter="version",
).add_to(router)


@router.post("/calendars/{name}/closures", response_model=Accepted, responses=PUBLISHED)
async def close_days(name: Name, closed_days: ClosedDays, caller: OpsOrAdmin, needs: Needs) -> Response:
    """Publish a version in which these days are not workdays, for example for a company outing or a stocktaking."""
    return await handle_closure(CloseDays(name=name, at=caller.context.now, **dict(closed_days)), caller, needs)


@router.delete("/calendars/{name}/closures/{day}", response_model=Accepted, responses=PUBLISHED)
async def open_day(name: Name, day: Annotated[Day, Path()], caller: OpsOrAdmin, needs: Needs) -> Response:
    """Publish a version without the closure of this day."""
    return await handle_closure(OpenDay(name=name, at=caller.context.now, day=day), caller, needs)


async def handle_closure(command: ClosureCommand, caller: Caller, needs: Dependencies) -> Response:
    await needs.calendars.in_force(command.at, command.name)
    handled = await needs.calendars.handler.handle(
        needs.calendars.stream_of(command.name), command, caller.context, expected_version=caller.expected_version
    )
    return answer(handled, f"/v1/calendars/{command.name}")


@router.get("/calendars/{name}/workdays")
async def read_workdays(
    name: Name,
    caller: Anyone,
    needs: Needs,
    since: Annotated[date | None, Query(alias="from", description="The first day; today if absent.")] = None,
    until: Annotated[date | None, Query(alias="to", description=f"The last day; {MAX_DAYS} days at most.")] = None,
    version: Annotated[int | None, Query(ge=1)] = None,
) -> DaysView:
    """Read the days of a period with their working intervals; 30 days if no last day is given."""
    now, calendars = caller.context.now, needs.calendars
    found = await (calendars.version(version, name) if version else calendars.in_force(now, name))
    first = since or now.astimezone(ZoneInfo(found.zone)).date()
    last = until or first + A_MONTH
    if not 0 <= (last - first).days < MAX_DAYS:
        raise out_of_range()
    items = days_between(found, first, last)
    return DaysView(name=name, number=found.number, workdays=sum(day.is_workday for day in items), items=items)


async def calendar_named(name: str, at: datetime, needs: Needs) -> CalendarPublished:
    """Return the version in force at `at` of a calendar that a body names; raise the 422 problem if there is none."""
    found = await needs.calendars.find(at, name)
    if found is None:
        en, zh = "There is no such calendar. Publish it first.", "没有这个日历，请先发布。"
        errors = [{"pointer": "/calendar", "rule": "unknown-calendar", "detail": en}]
        raise ProblemError("validation-failed", en, zh, errors=errors)
    return found


def out_of_range() -> ProblemError:
    detail = f"`to` must be on or after `from`, and the period must have at most {MAX_DAYS} days."
    detail_zh = f"`to` 不得早于 `from`，且一次最多查询 {MAX_DAYS} 天。"
    errors = [{"pointer": "query:to", "rule": "range", "detail": detail}]
    return ProblemError("validation-failed", detail, detail_zh, errors=errors)


def days_between(version: CalendarPublished, since: date, until: date) -> list[DayView]:
    calendar = work_calendar(version)
    halves = {each.day: DayKind.HALF_DAY for year in version.years for each in year.half_days}
    special = halves | {each.day: DayKind.CLOSED for each in version.closures}
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    return [day_view(calendar, day, special.get(day)) for day in days]


def day_view(calendar: WorkCalendar, day: date, known: DayKind | None) -> DayView:
    worked = calendar.on(day)
    special = known or (DayKind.MADE_UP if worked else DayKind.HOLIDAY)
    return DayView(
        day=day,
        kind=special if day in calendar.days else DayKind.ORDINARY,
        status=YearStatus.CONFIRMED if day.year in calendar.confirmed_years else YearStatus.PROVISIONAL,
        is_workday=calendar.is_workday(day),
        intervals=tuple(WorkInterval(start=each.start, end=each.end) for each in worked),
    )
