"""Which ladder and which calendar an alert has: those that were in force when it was raised."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.postgres.database import Connection, Pool
from chassis.rules.worktime import NoWorkTimeError, WorkCalendar
from chassis.store.event_store import COLUMNS, recorded
from chassis.store.mapper import EventMapper
from chassis.versions.decider import Timeline, evolve
from contracts.alerts import AlertRaised, AlertSeverity, LadderPublished
from contracts.event import Envelope
from services.alerts.domain.definition import LADDER
from services.alerts.engine.stretch import NEVER_DUE
from services.alerts.staff.calendars import Publication, calendar_at, is_lost, next_change, publications

VERSIONS = f"SELECT {COLUMNS} FROM event WHERE stream_id = ANY($1) ORDER BY position"  # noqa: S608


class AlertLadder(NamedTuple):
    """The ladder of an alert, with the calendar that counts its work time."""

    definition: LadderPublished
    calendar: WorkCalendar


class Ladders(NamedTuple):
    """The published versions of ladders in the order of their positions, and those of their calendars by name."""

    versions: Sequence[Envelope[LadderPublished]]
    calendars: Mapping[str, Sequence[Publication]]

    def of(self, raised: Envelope[Any]) -> AlertLadder:
        """Return the ladder of an alert by the event that raised it. Versions recorded after that do not count."""
        event: AlertRaised = raised.event
        timeline: Timeline[LadderPublished] = Timeline()
        for each in self.versions:
            if each.event.severity is event.severity and each.position < raised.position:
                timeline = evolve(timeline, each.event)
        found = LADDER.in_force(timeline, event.severity, raised.recorded_at)
        if found is None:
            raise LookupError(f"there is no ladder for {event.severity}")
        return AlertLadder(found, self.calendar(found.calendar, raised.recorded_at))

    def in_force(self, now: datetime) -> list[LadderPublished]:
        """Return the ladder in force of each severity that has one."""
        timelines: dict[str, Timeline[LadderPublished]] = {each: Timeline() for each in AlertSeverity}
        for each in self.versions:
            timelines[each.event.severity] = evolve(timelines[each.event.severity], each.event)
        found = (LADDER.in_force(timeline, severity, now) for severity, timeline in timelines.items())
        return [each for each in found if each]

    def has_calendar(self, definition: LadderPublished) -> bool:
        """Return whether a version of the ladder's calendar is known. Otherwise, the shipped calendar counts."""
        return not is_lost(definition.calendar, self.calendars[definition.calendar])

    def calendar(self, name: str, at: datetime) -> WorkCalendar:
        """Return the version of a calendar that was in force at an instant; see `calendar_at`."""
        return calendar_at(self.calendars[name], name, at)

    def work_begins(self, name: str, now: datetime) -> datetime | None:
        """Return when it is worth asking again, because it is not work time by the version in force now; else None.

        That is the start of work time, or earlier, when another version comes into force.
        """
        try:
            opening = self.calendar(name, now).opening(now)
        except NoWorkTimeError:
            opening = NEVER_DUE
        return min(opening, next_change(self.calendars[name], now) or NEVER_DUE) if opening > now else None


class StoredLadders:
    """Reads the ladders from the own store. `stream_of` returns the stream of a severity."""

    def __init__(self, mapper: EventMapper, stream_of: Callable[[str], UUID]) -> None:
        self._mapper = mapper
        self._streams = [stream_of(severity) for severity in AlertSeverity]

    async def load(self, source: "Connection | Pool") -> Ladders:
        """Return all versions, as a transaction sees them."""
        versions = [self._mapper.to_envelope(recorded(row)) for row in await source.fetch(VERSIONS, self._streams)]
        names = {each.calendar for each in LADDER.shipped.values()} | {each.event.calendar for each in versions}
        return Ladders(versions, {name: await publications(source, name) for name in sorted(names)})
