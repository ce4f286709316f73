"""The list of alerts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import alerts as events
from contracts.event import Envelope


@dataclass(frozen=True, slots=True)
class AlertRow:
    alert_id: UUID
    version: int
    customer_id: UUID
    rule_id: str
    status: str
    outcome: str
    owner_id: str | None
    holders: list[str]
    silent_since: datetime
    starts_at: datetime
    ends_at: datetime | None
    snoozed_until: datetime | None
    payload: dict[str, Any]


ALERTS = Rows("alert", AlertRow, "alert_id")
TABLES = ("alert",)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. Each event holds the complete state of its alert, so the last one is enough."""
    latest = {envelope.stream_id: project(envelope) for envelope in envelopes}
    await ALERTS.save(held, list(latest.values()))


def project(envelope: Envelope[events.Transition]) -> AlertRow:
    event = envelope.event
    return AlertRow(
        alert_id=envelope.stream_id,
        version=envelope.version,
        customer_id=envelope.subject,
        rule_id=event.rule_id,
        status=event.status,
        outcome=outcome_of(event),
        owner_id=event.owner_id,
        holders=holders_of(event),
        silent_since=event.silent_since,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        snoozed_until=event.snoozed_until,
        payload=event.model_dump(mode="json", exclude={"type"}, exclude_none=True),
    )


def holders_of(event: events.Transition) -> list[str]:
    """Return who may see the alert in addition to the customer's holders: the employee who has to act."""
    return [event.owner_id] if event.owner_id else []


def outcome_of(event: events.Transition) -> str:
    match event:
        case events.AlertCleared():
            return "cleared"
        case events.AlertWithdrawn():
            return "withdrawn"
        case _:
            return "open"
