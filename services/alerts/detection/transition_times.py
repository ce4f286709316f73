"""When a transition of an alert happened, and until when deliverers wait with it."""

from datetime import datetime

from contracts.alerts import AlertEvent, AlertRaised, CareReported, Notice
from services.alerts.quiet_hours.windows import QuietHours


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
