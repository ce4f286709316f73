"""The row of an alert after one more event, which contains the complete alert."""

from typing import Any

from contracts import alerts as events
from contracts.event import Envelope
from tests.oracles.reporting.rows import AlertRow


def evolve(_: AlertRow | None, envelope: Envelope[Any]) -> AlertRow:
    match envelope.event:
        case events.AlertCleared():
            return alert(envelope, "cleared")
        case events.AlertWithdrawn():
            return alert(envelope, "withdrawn")
        case _:
            return alert(envelope, None)


def alert(envelope: Envelope[Any], outcome: str | None) -> AlertRow:
    event = envelope.event
    return AlertRow(
        alert_id=event.alert_id,
        customer_id=envelope.subject,
        rule_id=event.rule_id,
        rule_version=event.rule_version,
        severity=event.severity,
        status="resolved" if outcome else event.status,
        outcome=outcome,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        silent_since=event.silent_since,
        owner_id=event.owner_id,
        summary=event.summary,
        summary_zh=event.summary_zh,
        concerns_id=event.concerns_id,
        causes=list(event.causes),
        acknowledged_by=event.acknowledged_by,
        acknowledged_at=event.acknowledged_at,
        snoozed_until=event.snoozed_until,
        escalation_level=event.escalation_level,
    )
