"""Appends the next events of alerts to their streams, which people write too.

A customer may have thousands of alerts that change at once: a merge carries them, its erasure ends them. Their changes
are stored, and `append_pending` appends their events in parts, so other customers do not wait (ADR 0046).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import chain
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

import uuid_utils.compat as uuid_utils
from asyncpg import Record

from chassis.postgres.database import Connection
from chassis.runtime.clock import Clock
from chassis.store.append import Answer, Append, Outcome
from chassis.store.event_store import COLUMNS, EventStore, recorded
from chassis.store.mapper import EventMapper, NewEvent
from contracts.alerts import AlertEvent, AlertRaised, CareReported, Notice
from contracts.event import Envelope, Metadata
from services.alerts.detection import pending_changes
from services.alerts.detection.pending_changes import Caused
from services.alerts.engine.changes import AlertChange, Raising, Readdressing
from services.alerts.engine.episodes import Change
from services.alerts.engine.raising import Begun
from services.alerts.quiet_hours.stored import StoredQuietHours
from services.alerts.quiet_hours.windows import QuietHours

APPENDED_AT_ONCE: Final = 500
# The alerts of one customer whose events are appended together with what changes them. With more, all are stored.
MAX_ALERTS_AT_ONCE: Final = 100
LATEST = f"""
    SELECT alert_id, latest.*, EXISTS (SELECT FROM pending_change p WHERE p.alert_id = alerts.alert_id) AS is_pending
    FROM unnest($1::uuid[]) AS alerts(alert_id) LEFT JOIN LATERAL (
        SELECT {COLUMNS} FROM event WHERE stream_id = alerts.alert_id ORDER BY version DESC LIMIT 1
    ) AS latest ON true
"""  # noqa: S608

# The customer of a change, the change, and what caused it.
Found: TypeAlias = tuple[UUID, Change | AlertChange, Metadata]
# The changes of alerts, those of one alert together.
Alerts: TypeAlias = Sequence[Sequence[Caused]]
# The changes of one alert, and their events.
Made: TypeAlias = tuple[Sequence[Caused], Append]


class Latest(NamedTuple):
    """The latest version, state and event time of an alert, 0 and None if it is not raised yet.

    `is_pending`: changes wait.
    """

    version: int
    alert: AlertEvent | None
    at: datetime | None
    is_pending: bool


class Appender:
    """Makes the events of changes of alerts, and appends them. Without `quiet_hours`, there are none."""

    def __init__(
        self, store: EventStore, mapper: EventMapper, clock: Clock, quiet_hours: StoredQuietHours | None
    ) -> None:
        self._store = store
        self._mapper = mapper
        self._clock = clock
        self._quiet_hours = quiet_hours

    async def append(self, held: Connection, changes: Sequence[Found]) -> None:
        """Append the next events of each alert, those of one alert together.

        They are made before the store is locked, because others wait for it. People write these streams, too: events
        that theirs have overtaken are refused, and made again while the store stays locked.
        """
        alerts, later = split(list(map(with_alert, changes)))
        await pending_changes.store(held, later)
        await self._append_alerts(held, alerts)

    async def append_pending(self, held: Connection, alert_ids: Collection[UUID]) -> None:
        """Append the events of the stored changes of these alerts. What is stored meanwhile follows them."""
        await self._append_alerts(held, by_alert(await pending_changes.take(held, alert_ids)), are_taken=True)

    async def _append_alerts(self, held: Connection, alerts: Alerts, *, are_taken: bool = False) -> None:
        tells = any(isinstance(change, Raising | Readdressing) for own in alerts for _, change, _ in own)
        quiet = await self._quiet_hours.load(held, self._clock()) if self._quiet_hours and tells else None
        # No statement, and no pause between two, reaches a time limit.
        parts = [alerts[first : first + APPENDED_AT_ONCE] for first in range(0, len(alerts), APPENDED_AT_ONCE)]
        made = [await self._make(held, part, quiet, are_taken) for part in parts]
        for appends in made:
            refused = await self._refused(held, appends)
            if refused and await self._refused(held, await self._make(held, refused, quiet, are_taken)):
                raise RuntimeError("events of alerts were refused twice, although the store is locked")

    async def _refused(self, held: Connection, made: Sequence[Made]) -> list[Sequence[Caused]]:
        """Append events. Return the changes of those that were refused."""
        outcomes = await self._store.append_within(held, [append for _, append in made]) if made else []
        return [own for (own, _), each in zip(made, outcomes, strict=True) if each.outcome is not Outcome.DONE]

    async def _make(self, held: Connection, alerts: Alerts, quiet: QuietHours | None, are_taken: bool) -> list[Made]:
        """Make the next events of each alert from its changes. A change of which nobody is told has none.

        Unless they were taken from there, the changes of an alert that has stored ones are stored after these.
        """
        latest = await self._latest(held, [alert_of(own) for own in alerts])
        waiting = [] if are_taken else [own for own in alerts if latest[alert_of(own)].is_pending]
        if waiting:
            await pending_changes.store(held, list(chain.from_iterable(waiting)))
            alerts = [own for own in alerts if not latest[alert_of(own)].is_pending]
        made = [(own, self._append_of(own, latest[alert_of(own)], quiet)) for own in alerts]
        return [each for each in made if each[1].events]

    async def _latest(self, held: Connection, alert_ids: Sequence[UUID]) -> dict[UUID, Latest]:
        rows = await held.fetch(LATEST, list(alert_ids))
        return {row["alert_id"]: self._latest_of(row) for row in rows}

    def _latest_of(self, row: Record) -> Latest:
        if row["version"] is None:
            return Latest(0, None, None, row["is_pending"])
        envelope = self._mapper.to_envelope(recorded(row))
        return Latest(row["version"], envelope.event, envelope.occurred_at, row["is_pending"])

    def _append_of(self, changes: Sequence[Caused], latest: Latest, quiet: QuietHours | None) -> Append:
        """Return the events that follow the latest one of an alert."""
        stream_id, events = alert_of(changes), list[NewEvent]()
        version, alert, at, _ = latest
        for customer_id, change, metadata in changes:
            for subject, event in change.events(customer_id, alert):
                version += 1
                alert = event if isinstance(event, AlertEvent) else None
                told = delivered(event, quiet, self._clock())
                at = happened_at(told, at) if isinstance(told, AlertEvent) else self._clock()
                envelope = Envelope(uuid_utils.uuid7(), subject, stream_id, version, 0, at, at, metadata, told)
                events.append(self._mapper.to_new_event(envelope))
        answer = Answer(b"", 200, json.dumps({"version": version}).encode())
        return Append(f"alert|{stream_id}|{latest.version + 1}", answer, events)


def with_alert(found: Found) -> Caused:
    """Return a change with its alert, if it is an episode that begins."""
    customer_id, change, metadata = found
    return customer_id, Raising(change.alert) if isinstance(change, Begun) else change, metadata


def split(changes: Sequence[Caused]) -> tuple[list[Sequence[Caused]], list[Caused]]:
    """Return the changes to append at once, by alert, and all of customers with more than MAX_ALERTS_AT_ONCE alerts."""
    alerts = by_alert(changes)
    counts = Counter(customer_of(own) for own in alerts)
    many = {customer_id for customer_id, count in counts.items() if count > MAX_ALERTS_AT_ONCE}
    later = [each for own in alerts if customer_of(own) in many for each in own]
    return [own for own in alerts if customer_of(own) not in many], later


def by_alert(changes: Sequence[Caused]) -> list[Sequence[Caused]]:
    found: dict[UUID, list[Caused]] = defaultdict(list)
    for each in changes:
        found[each[1].alert_id].append(each)
    return list(found.values())


def alert_of(changes: Sequence[Caused]) -> UUID:
    return changes[0][1].alert_id


def customer_of(changes: Sequence[Caused]) -> UUID:
    return changes[0][0]


def happened_at(event: AlertEvent, previous: datetime | None) -> datetime:
    """Return when a transition happened: an alert starts and ends at the time of what it is about.

    Others happen after the alert's previous event: a person may have handled it since the change was evaluated.
    """
    if isinstance(event, AlertRaised):
        return event.starts_at
    return event.ends_at or max(event.updated_at, previous or event.updated_at)


def delivered(event: AlertEvent | CareReported, quiet: QuietHours | None, now: datetime) -> AlertEvent | CareReported:
    """Return the event of a change; a notice says until when deliverers wait with it."""
    if quiet is None or not isinstance(event, Notice):
        return event
    return event.model_copy(update={"deliver_after": quiet.deliver_after(event.severity, now)})
