"""Checks the calendars that the bodies of definitions name."""

from datetime import datetime

from chassis.commands.problem import ProblemError
from services.alerts.dependencies import Dependencies
from services.alerts.staff.calendars import calendar_in_force, publications


async def require_calendar(name: str, at: datetime, needs: Dependencies) -> None:
    """Raise the 422 problem unless a version of the calendar is in force at an instant, as far as it was received."""
    if calendar_in_force(await publications(needs.pool, name), name, at) is None:
        en, zh = "There is no such calendar. Publish it first.", "没有这个日历，请先发布。"
        errors = [{"pointer": "/calendar", "rule": "unknown-calendar", "detail": en}]
        raise ProblemError("validation-failed", en, zh, errors=errors)
