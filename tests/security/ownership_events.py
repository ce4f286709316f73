"""Events that say who owns, leads and helps with customers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from contracts import alerts, customer, followup
from contracts.event import Envelope, Event
from contracts.examples import ALERT_ID, example, example_envelope

# Helper of the customer; owner and leader are other employees.
HELPER = "E9007"
Ownership = Mapping[UUID, Mapping[str, str]]


def facts_of(ownership: Ownership) -> Sequence[Envelope[Any]]:
    """Return the events that reporting would consume."""
    now = datetime.now(UTC)
    events: list[tuple[UUID, UUID, Event]] = []
    for customer_id, held_by in ownership.items():
        task = followup.TaskScheduled(assignee_id=held_by.get("owner_id", "E8001"), due_at=now - timedelta(days=2))
        alert = raised(customer_id, held_by)
        events += [(customer_id, customer_id, fact) for fact in owned(held_by)]
        events += [(customer_id, uuid5(customer_id, "task"), task), (customer_id, alert.alert_id, alert)]
    return [
        example_envelope(
            fact,
            id=uuid5(stream, fact.type),
            subject=subject,
            stream_id=stream,
            position=number,
            occurred_at=now - timedelta(days=3),
        )
        for number, (subject, stream, fact) in enumerate(events, start=1)
    ]


def owned(held_by: Mapping[str, str]) -> list[Event]:
    facts: list[Event] = [example(customer.Registered, external_id=None, external_system=None)]
    if not held_by:
        return facts
    return [*facts, customer.OwnerAssigned.model_validate(held_by), customer.HelperAdded(employee_id=HELPER)]


def raised(customer_id: UUID, held_by: Mapping[str, str]) -> alerts.AlertRaised:
    """Return the alert about a customer; that of the owned one is ALERT_ID."""
    alert_id = ALERT_ID if held_by else uuid5(customer_id, "alert")
    owner_id, leader_id = held_by.get("owner_id"), held_by.get("leader_id")
    return example(
        alerts.AlertRaised, alert_id=alert_id, owner_id=owner_id, customer_owner_id=owner_id, leader_id=leader_id
    )
