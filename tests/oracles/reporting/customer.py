"""The row of a customer after one more event."""

from dataclasses import replace
from typing import Any

from contracts import customer as events
from contracts.customer import Stage, mode_of
from contracts.customer.responsibility import ResponsibilityEvent, evolve_responsibility
from contracts.event import Envelope
from tests.oracles.reporting.rows import CustomerRow

PROFILE = events.ProfileChanged.model_fields.keys() & CustomerRow.__dataclass_fields__.keys()


def evolve(row: CustomerRow | None, envelope: Envelope[Any]) -> CustomerRow | None:
    event = envelope.event
    if isinstance(event, events.Registered):
        return first_row(envelope, event)
    if row is None:
        return None
    if isinstance(event, ResponsibilityEvent):
        return evolve_responsibility(row, event)
    match event:
        case events.Renamed(name=name):
            return replace(row, company_name=name)
        case events.ProfileChanged():
            return with_contact_stated(row, event)
        case events.StageChanged(stage=stage):
            return replace(row, stage=stage, mode=mode_of(stage), stage_since=envelope.occurred_at)
        case events.TierChanged(scheme=scheme, tier=tier):
            return replace(row, tiers={**row.tiers, scheme: tier})
        case _:
            raise TypeError(type(event))


def with_contact_stated(row: CustomerRow, event: events.ProfileChanged) -> CustomerRow:
    """Of two stated last contacts the later one counts, until the field is cleared. Each is a fact of the customer."""
    row_after = replace(row, **{name: value for name, value in event.changes().items() if name in PROFILE})
    if (stated := event.last_contacted_at) is None:
        return row_after
    return replace(
        row_after,
        registered_at=min(row.registered_at, stated),
        last_contacted_at=max(row.last_contacted_at or stated, stated),
    )


def first_row(envelope: Envelope[Any], event: events.Registered) -> CustomerRow:
    return CustomerRow(
        customer_id=envelope.subject,
        kind=event.kind,
        company_name=event.name,
        stage=Stage.NEW,
        mode=mode_of(Stage.NEW),
        stage_since=envelope.occurred_at,
        registered_at=envelope.occurred_at,
    )
