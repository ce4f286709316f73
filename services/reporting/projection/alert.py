"""Projects alerts. Every event holds the complete alert."""

from contracts import alerts as events
from contracts.event import Envelope
from services.reporting.projection.batch_rows import BatchRows
from services.reporting.projection.rows import AlertRow


def project(rows: BatchRows, envelope: Envelope[events.AnyEvent]) -> None:
    """Apply one event of an alert to the rows."""
    event = envelope.event
    match event:
        case events.AlertRaised():
            rows.alerts[event.alert_id] = alert(envelope, None)
        case events.AlertCleared():
            rows.alerts[event.alert_id] = alert(envelope, "cleared")
        case events.AlertWithdrawn():
            rows.alerts[event.alert_id] = alert(envelope, "withdrawn")


def alert(envelope: Envelope[events.AnyEvent], outcome: str | None) -> AlertRow:
    event = envelope.event
    return AlertRow(
        alert_id=event.alert_id,
        customer_id=envelope.subject,
        rule_id=event.rule_id,
        rule_version=event.rule_version,
        severity=event.severity,
        status=event.status,
        outcome=outcome,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        silent_since=event.silent_since,
        owner_id=event.owner_id,
        summary=event.summary,
        summary_zh=event.summary_zh,
        concerns_id=event.concerns_id,
        causes=list(event.causes),
    )
