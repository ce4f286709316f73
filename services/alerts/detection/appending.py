"""Appends the next events of alerts to their streams, which people write too."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

import uuid_utils.compat as uuid_utils

from chassis.postgres.database import Connection
from chassis.runtime.clock import Clock
from chassis.store.append import Answer, Append, Outcome
from chassis.store.event_store import COLUMNS, EventStore, recorded
from chassis.store.mapper import EventMapper, NewEvent
from contracts.alerts import AlertEvent, AlertRaised, CareReported, Notice
from contracts.event import Envelope, Metadata
from services.alerts.engine.changes import Change, Raising, Readdressing
from services.alerts.quiet_hours.stored import StoredQuietHours
from services.alerts.quiet_hours.windows import QuietHours

APPENDED_AT_ONCE: Final = 500
LATEST = f"""
    SELECT DISTINCT ON (stream_id) {COLUMNS} FROM event WHERE stream_id = ANY($1) ORDER BY stream_id, version DESC
"""  # noqa: S608

# The customer of an alert that changes, the change, and what caused it.
Caused: TypeAlias = tuple[UUID, Change, Metadata]
# The changes of one alert, and their events.
Made: TypeAlias = tuple[Sequence[Caused], Append]


class Appender:
    """Makes the events of changes of alerts, and appends them. Without `quiet_hours`, there are none."""

    def __init__(
        self, store: EventStore, mapper: EventMapper, clock: Clock, quiet_hours: StoredQuietHours | None
    ) -> None:
        self._store = store
        self._mapper = mapper
        self._clock = clock
        self._quiet_hours = quiet_hours

    async def append(self, held: Connection, changes: Sequence[Caused]) -> None:
        """Append the next events of each alert, those of one alert together.

        They are made before the store is locked, because others wait for it. People write these streams, too: events
        that theirs have overtaken are refused, and made again while the store stays locked.
        """
        tells = any(isinstance(change, Raising | Readdressing) for _, change, _ in changes)
        quiet = await self._quiet_hours.load(held, self._clock()) if self._quiet_hours and tells else None
        by_alert: dict[UUID, list[Caused]] = defaultdict(list)
        for each in changes:
            by_alert[each[1].alert_id].append(each)
        alerts = list(by_alert.values())
        # One customer may have thousands: no statement, and no pause between two, reaches a time limit.
        parts = [alerts[first : first + APPENDED_AT_ONCE] for first in range(0, len(alerts), APPENDED_AT_ONCE)]
        made = [await self._make(held, part, quiet) for part in parts]
        for appends in made:
            refused = await self._refused(held, appends)
            if refused and await self._refused(held, await self._make(held, refused, quiet)):
                raise RuntimeError("events of alerts were refused twice, although the store is locked")

    async def _refused(self, held: Connection, made: Sequence[Made]) -> list[Sequence[Caused]]:
        """Append events. Return the changes of those that were refused."""
        outcomes = await self._store.append_within(held, [append for _, append in made]) if made else []
        return [own for (own, _), each in zip(made, outcomes, strict=True) if each.outcome is not Outcome.DONE]

    async def _make(self, held: Connection, alerts: Sequence[Sequence[Caused]], quiet: QuietHours | None) -> list[Made]:
        """Make the next events of each alert from its changes. A change of which nobody is told has none."""
        latest = await self._latest(held, [own[0][1].alert_id for own in alerts])
        made = [(own, self._append_of(own, *latest.get(own[0][1].alert_id, (0, None)), quiet)) for own in alerts]
        return [each for each in made if each[1].events]

    async def _latest(self, held: Connection, alert_ids: Sequence[UUID]) -> dict[UUID, tuple[int, AlertEvent | None]]:
        """Return version and state of each alert that exists."""
        rows = await held.fetch(LATEST, list(alert_ids))
        return {row["stream_id"]: (row["version"], self._mapper.to_envelope(recorded(row)).event) for row in rows}

    def _append_of(
        self, changes: Sequence[Caused], known: int, alert: AlertEvent | None, quiet: QuietHours | None
    ) -> Append:
        """Return the events that follow the version `known` of an alert, which is in this state."""
        stream_id, version, events = changes[0][1].alert_id, known, list[NewEvent]()
        for customer_id, change, metadata in changes:
            for subject, event in change.events(customer_id, alert):
                version += 1
                alert = event if isinstance(event, AlertEvent) else None
                told = delivered(event, quiet, self._clock())
                at = happened_at(told) if isinstance(told, AlertEvent) else self._clock()
                envelope = Envelope(uuid_utils.uuid7(), subject, stream_id, version, 0, at, at, metadata, told)
                events.append(self._mapper.to_new_event(envelope))
        answer = Answer(b"", 200, json.dumps({"version": version}).encode())
        return Append(f"alert|{stream_id}|{known + 1}", answer, events)


def happened_at(event: AlertEvent) -> datetime:
    """Return when a transition happened: an alert starts and ends at the time of what it is about."""
    if isinstance(event, AlertRaised):
        return event.starts_at
    return event.ends_at or event.updated_at


def delivered(event: AlertEvent | CareReported, quiet: QuietHours | None, now: datetime) -> AlertEvent | CareReported:
    """Return the event of a change; a notice says until when deliverers wait with it."""
    if quiet is None or not isinstance(event, Notice):
        return event
    return event.model_copy(update={"deliver_after": quiet.deliver_after(event.severity, now)})
