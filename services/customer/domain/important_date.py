"""When an important date occurs next, and the rule that each occurrence is recorded once."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from borax.calendars.lunardate import LCalendars, LunarDate

from chassis.commands.command import Command
from chassis.commands.decider import Decider
from contracts.customer import ImportantDateApproaching
from contracts.types import Code, Day
from services.customer.commands.personal_data import Calendar, ImportantDate

LEAD_DAYS = 7
# The library knows the lunar calendar up to this year. A lunar year begins up to two months after the solar one.
LAST_LUNAR_YEAR = 2099
FEBRUARY, LAST_OF_FEBRUARY = 2, 28


class AnnounceDate(Command):
    """Record that an important date is near."""

    key_contact_id: UUID
    kind: Code
    on: Day


def falls_on(known: ImportantDate, today: date) -> date | None:
    """Return the next occurrence of the date, today included, if it is within LEAD_DAYS."""
    until = today + timedelta(days=LEAD_DAYS)
    return next((day for day in occurrences(known, today.year) if today <= day <= until), None)


def occurrences(known: ImportantDate, year: int) -> Iterator[date]:
    """Yield the occurrences of the date around this year, by either calendar."""
    for each in (year - 1, year, year + 1):
        if known.calendar is Calendar.SOLAR:
            yield solar(known, each)
        elif each <= LAST_LUNAR_YEAR:
            yield lunar(known, each)


def solar(known: ImportantDate, year: int) -> date:
    """29 February occurs on 28 February in other years."""
    try:
        return date(year, known.month, known.day)
    except ValueError:
        return date(year, FEBRUARY, LAST_OF_FEBRUARY)


def lunar(known: ImportantDate, year: int) -> date:
    """Day 30 of a lunar month that has 29 days in this year is its last day."""
    last = LCalendars.ndays(year, known.month)
    found: date = LunarDate(year, known.month, min(known.day, last)).to_solar_date()
    return found


def decide(is_recorded: bool, command: AnnounceDate) -> list[ImportantDateApproaching]:
    return [] if is_recorded else [ImportantDateApproaching(**command.model_dump())]


def evolve(_is_recorded: bool, _event: ImportantDateApproaching) -> bool:
    return True


IMPORTANT_DATE: Decider[bool] = Decider(initial=False, decide=decide, evolve=evolve)
