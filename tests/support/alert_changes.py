"""Turns changes of alerts into their events, as the detector does with the alerts in its store."""

from collections.abc import Iterable
from uuid import UUID

from contracts.alerts import AlertEvent
from services.alerts.engine.episodes import Change, Ending


class AlertChanges:
    def __init__(self) -> None:
        self._alerts: dict[UUID, AlertEvent] = {}

    def events(self, changes: Iterable[Change]) -> list[AlertEvent]:
        found: list[AlertEvent] = []
        for change in changes:
            event = change.event(self._alerts[change.alert_id]) if isinstance(change, Ending) else change
            self._alerts[change.alert_id] = event
            found.append(event)
        return found
