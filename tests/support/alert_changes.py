"""Turns changes of alerts into their events, as the detector does with the alerts in its store."""

from collections.abc import Iterable
from uuid import UUID

from contracts.alerts import AlertEvent
from contracts.examples import CUSTOMER_ID
from services.alerts.commands import AlertCommand
from services.alerts.domain.alert import decide
from services.alerts.engine.changes import Raising
from services.alerts.engine.episodes import Change
from services.alerts.engine.raising import Begun


class AlertChanges:
    def __init__(self) -> None:
        self._alerts: dict[UUID, AlertEvent] = {}

    def events(self, changes: Iterable[Change], customer_id: UUID = CUSTOMER_ID) -> list[AlertEvent]:
        """Return the events of changes of a customer's alerts."""
        return [event for _, event in self.told(changes, customer_id)]

    def told(self, changes: Iterable[Change], customer_id: UUID) -> list[tuple[UUID, AlertEvent]]:
        """Return the events, each with the customer that it is about."""
        found = []
        for change in changes:
            own = Raising(change.alert) if isinstance(change, Begun) else change
            for subject, event in own.events(customer_id, self._alerts.get(change.alert_id)):
                if isinstance(event, AlertEvent):
                    self._alerts[change.alert_id] = event
                    found.append((subject, event))
        return found

    def handle(self, alert_id: UUID, command: AlertCommand) -> None:
        """Handle an alert as an employee."""
        alert = self._alerts[alert_id]
        for event in decide(alert, command.with_moment("li", alert.updated_at)):
            self._alerts[alert_id] = event
