"""Reads the quiet hours in force from the own store."""

from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.postgres.database import Connection, Pool
from chassis.store.event_store import COLUMNS, recorded
from chassis.store.mapper import EventMapper
from chassis.versions.decider import ONLY, Timeline, evolve
from contracts.alerts import QuietHoursPublished
from services.alerts.domain.definition import QUIET_HOURS
from services.alerts.quiet_hours.windows import QuietHours
from services.alerts.shipped import quiet_hours as shipped
from services.alerts.staff.calendars import calendar_at, publications

VERSIONS: Final = f"SELECT {COLUMNS} FROM event WHERE stream_id = $1 ORDER BY version"  # noqa: S608


class StoredQuietHours:
    """The versions of the quiet hours, which are the events of one stream."""

    def __init__(self, mapper: EventMapper, stream_id: UUID) -> None:
        self._mapper = mapper
        self._stream_id = stream_id

    async def load(self, source: "Connection | Pool", at: datetime) -> QuietHours:
        """Return the quiet hours in force at an instant, as a transaction sees them. The calendar is that in force."""
        timeline: Timeline[QuietHoursPublished] = Timeline()
        for row in await source.fetch(VERSIONS, self._stream_id):
            timeline = evolve(timeline, self._mapper.to_envelope(recorded(row)).event)
        found = QUIET_HOURS.in_force(timeline, ONLY, at) or shipped.QUIET_HOURS
        if not found.windows:
            return QuietHours(found, None)
        return QuietHours(found, calendar_at(await publications(source, found.calendar), found.calendar, at))
