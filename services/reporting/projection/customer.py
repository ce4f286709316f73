"""The customer as it stands, and every stage it entered."""

from dataclasses import replace

from contracts import customer as events
from contracts.customer import Stage, mode_of
from contracts.event import Envelope
from services.reporting.projection.rows import CustomerRow, TransitionRow
from services.reporting.projection.sheet import Sheet

PROFILE = events.ProfileChanged.model_fields.keys() & CustomerRow.__dataclass_fields__.keys()
# What stands in the timeline, and otherwise is for the customer service to tell.
NOT_KEPT = (
    events.CommercialEvent
    | events.MarketEvent
    | events.PeopleEvent
    | events.NeedEvent
    | events.ReferenceEvent
    | events.HandoverEvent
    | events.HandoverBatchEvent
    | events.TagEvent
    | events.VocabularyEvent
    | events.TierEvent
    | events.TierSchemeEvent
)


def project(rows: Sheet, envelope: Envelope[events.AnyEvent]) -> None:
    """Bring the rows up to date with one fact about the customer itself."""
    event, customer_id = envelope.event, envelope.subject
    if isinstance(event, events.Registered):
        rows.customers[customer_id] = first_row(envelope, event)
        rows.transitions[envelope.id] = entry(envelope, None, Stage.NEW, None)
        return
    if isinstance(event, NOT_KEPT):
        return
    row = rows.customers[customer_id]
    match event:
        case events.ProfileChanged():
            row = replace(row, **{name: value for name, value in event.news().items() if name in PROFILE})
        case events.StageChanged(previous=previous, stage=stage, reason=reason):
            row = replace(row, stage=stage, mode=mode_of(stage), stage_since=envelope.occurred_at)
            rows.transitions[envelope.id] = entry(envelope, previous, stage, reason)
        case events.TierChanged(scheme=scheme, tier=tier):
            row = replace(row, tiers={**row.tiers, scheme: tier})
        case events.OwnerAssigned(owner_id=owner_id, leader_id=leader_id):
            row = replace(row, owner_id=owner_id, leader_id=leader_id)
        case events.HelperAdded() | events.HelperRemoved():
            pass  # Figures are of owners.
    rows.customers[customer_id] = row


def first_row(envelope: Envelope[events.AnyEvent], event: events.Registered) -> CustomerRow:
    return CustomerRow(
        customer_id=envelope.subject,
        kind=event.kind,
        company_name=event.name,
        stage=Stage.NEW,
        mode=mode_of(Stage.NEW),
        stage_since=envelope.occurred_at,
        registered_at=envelope.occurred_at,
    )


def entry(
    envelope: Envelope[events.AnyEvent], previous: Stage | None, stage: Stage, reason: str | None
) -> TransitionRow:
    return TransitionRow(
        event_id=envelope.id,
        position=envelope.position,
        customer_id=envelope.subject,
        previous=previous,
        stage=stage,
        reason=reason,
        occurred_at=envelope.occurred_at,
        recorded_at=envelope.recorded_at,
    )
