"""The rules of a calendar: each publication is a whole new version with the next number."""

from chassis.decider import Decider
from contracts import followup as events
from services.followup.calendar.shipped import SHIPPED
from services.followup.commands.calendar import PublishCalendar

Event = events.CalendarPublished


def decide(latest: Event | None, command: PublishCalendar) -> list[Event]:
    """Return the next version: none when the latest, which may be the one shipped, says the same."""
    latest = latest or SHIPPED.get(command.name)
    published = events.CalendarPublished(
        name=command.name,
        number=latest.number + 1 if latest else 1,
        zone=command.zone,
        week=command.week,
        made_up=command.made_up,
        years=command.years,
    )
    return [] if latest and published == latest.model_copy(update={"number": published.number}) else [published]


def evolve(_latest: Event | None, event: Event) -> Event:
    """Apply one fact. A fact is never refused: it has already happened."""
    return event


CALENDAR: Decider[Event | None] = Decider(initial=None, decide=decide, evolve=evolve)
