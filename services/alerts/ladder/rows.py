"""The read model of the ladders: when the next rung of each open alert is due."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.store.event_store import COLUMNS, recorded
from chassis.store.mapper import EventMapper
from contracts.alerts import AlertEvent
from contracts.event import Envelope
from services.alerts.ladder.clock import next_rung_at, progress_of
from services.alerts.shipped.ladders import CALENDAR
from services.alerts.staff.calendars import Publication, calendar_at, publications

# The name is stored with the positions.
CONSUMER: Final = "alert-ladder"
TABLES: Final = ("alert_ladder",)
STREAMS = f"SELECT {COLUMNS} FROM event WHERE stream_id = ANY($1) ORDER BY stream_id, version"  # noqa: S608
SAVE = """
    INSERT INTO alert_ladder (alert_id, next_rung_at) SELECT * FROM unnest($1::uuid[], $2::timestamptz[])
    ON CONFLICT (alert_id) DO UPDATE SET next_rung_at = excluded.next_rung_at
"""
DELETE = "DELETE FROM alert_ladder WHERE alert_id = ANY($1)"


class LadderRows:
    """`apply` is the handler of a local feed. A row is a due time; the alert itself decides what is rung."""

    def __init__(self, mapper: EventMapper) -> None:
        self._mapper = mapper

    async def apply(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        """Compute the due times of the alerts that the events concern from all their events."""
        alert_ids = {each.stream_id for each in envelopes if isinstance(each.event, AlertEvent)}
        if not alert_ids:
            return
        due = await self.due_times(alert_ids, held)
        await held.execute(DELETE, list(alert_ids - due.keys()))
        await held.execute(SAVE, list(due), list(due.values()))

    async def due_times(self, alert_ids: Collection[UUID], held: Connection) -> dict[UUID, datetime]:
        """Return when the next rung of each alert is due, without those that have none."""
        streams: dict[UUID, list[Envelope[Any]]] = defaultdict(list)
        for row in await held.fetch(STREAMS, list(alert_ids)):
            streams[row["stream_id"]].append(self._mapper.to_envelope(recorded(row)))
        published = await publications(held, CALENDAR)
        found = {each: next_due(envelopes, published) for each, envelopes in streams.items()}
        return {each: at for each, at in found.items() if at}


def next_due(envelopes: Sequence[Envelope[Any]], published: Sequence[Publication]) -> datetime | None:
    """Return when the next rung of an alert is due. The calendar is the one in force when it was raised."""
    calendar = calendar_at(published, CALENDAR, envelopes[0].recorded_at)
    return next_rung_at(progress_of(envelopes, calendar), calendar)
