"""When an important date falls next, and the rule that each one is recorded once."""

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
# The lunar calendar is known that far; it begins its year up to two months after the solar one.
LAST_LUNAR_YEAR = 2099
FEBRUARY, LAST_OF_FEBRUARY = 2, 28


class Approach(Command):
    """State that a date is near."""

    key_contact_id: UUID
    kind: Code
    on: Day


def falls_on(known: ImportantDate, today: date) -> date | None:
    """Return the day on which the date comes back next, today included, if that is within LEAD_DAYS."""
    until = today + timedelta(days=LEAD_DAYS)
    return next((day for day in returns(known, today.year) if today <= day <= until), None)


def returns(known: ImportantDate, year: int) -> Iterator[date]:
    """Yield the days on which it comes back about this year, by either calendar."""
    for each in (year - 1, year, year + 1):
        if known.calendar is Calendar.SOLAR:
            yield solar(known, each)
        elif each <= LAST_LUNAR_YEAR:
            yield lunar(known, each)


def solar(known: ImportantDate, year: int) -> date:
    """Who was born on 29 February is remembered on the 28th in other years."""
    try:
        return date(year, known.month, known.day)
    except ValueError:
        return date(year, FEBRUARY, LAST_OF_FEBRUARY)


def lunar(known: ImportantDate, year: int) -> date:
    """The 30th of a month that has 29 days this time is its last."""
    last = LCalendars.ndays(year, known.month)
    found: date = LunarDate(year, known.month, min(known.day, last)).to_solar_date()
    return found


def decide(told: bool, command: Approach) -> list[ImportantDateApproaching]:
    return [] if told else [ImportantDateApproaching(**command.model_dump())]


def evolve(_told: bool, _event: ImportantDateApproaching) -> bool:
    return True


IMPORTANT_DATE: Decider[bool] = Decider(initial=False, decide=decide, evolve=evolve)
