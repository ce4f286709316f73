"""Looks calendars up: the version in force, and the one that was promised under."""

from uuid import UUID

from chassis.commands.problem import not_found
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts.followup.calendar import CalendarPublished
from services.followup.calendars.shipped import SHIPPED


class Calendars:
    """Every version of every calendar. What is shipped is the first version of its name."""

    def __init__(self, store: EventStore, mapper: EventMapper, pseudonyms: Pseudonyms) -> None:
        self._store = store
        self._mapper = mapper
        self._pseudonyms = pseudonyms

    def stream_of(self, name: str) -> UUID:
        return self._pseudonyms.derived("calendar", name)

    async def version(self, name: str, number: int | None = None) -> CalendarPublished:
        """Return a version, the latest if none is named; raise the 404 problem if there is none."""
        shipped = [SHIPPED[name]] if name in SHIPPED else []
        rows = await self._store.read_stream(self.stream_of(name))
        known: list[CalendarPublished] = [*shipped, *(self._mapper.to_envelope(row).event for row in rows)]
        found = [each for each in known if number in {None, each.number}]
        if not found:
            raise not_found()
        return found[-1]
