"""Projects customers and their stage transitions."""

from dataclasses import replace

from contracts import customer as events
from contracts.customer import Stage, mode_of
from contracts.customer.contract import ContractEvent
from contracts.customer.life import LifeEvent
from contracts.customer.order import OrderEvent
from contracts.customer.quote import QuoteEvent
from contracts.customer.responsibility import ResponsibilityEvent, evolve_responsibility
from contracts.event import Envelope
from services.reporting.projection import commerce
from services.reporting.projection.batch_rows import BatchRows
from services.reporting.projection.rows import CustomerRow, TransitionRow

PROFILE = events.ProfileChanged.model_fields.keys() & CustomerRow.__dataclass_fields__.keys()
# Events that appear in the timeline only.
IGNORED = (
    QuoteEvent
    | events.MarketEvent
    | events.ProfileReviewed
    | events.PeopleEvent
    | events.NeedEvent
    | events.ReferenceEvent
    | events.HandoverEvent
    | events.HandoverBatchEvent
    | events.TagEvent
    | events.VocabularyEvent
    | events.TierEvent
    | events.TierSchemeEvent
    | events.SegmentEvent
    | events.EmployeeEvent
    | events.ErasureEvent
    | events.DuplicateAbsorbed
    | events.DuplicateReleased
    | events.MarkedDistinct
    | events.ImportantDateApproaching
)
Kept = events.Renamed | events.ProfileChanged | LifeEvent | ResponsibilityEvent


def project(rows: BatchRows, envelope: Envelope[events.AnyEvent]) -> None:
    """Apply one event of the customer service to the rows."""
    event, customer_id = envelope.event, envelope.subject
    if isinstance(event, events.Registered):
        rows.customers[customer_id] = first_row(envelope, event)
        rows.transitions[envelope.id] = entry(envelope, None, Stage.NEW, None)
        return
    if isinstance(event, OrderEvent):
        commerce.project_order(rows, envelope, event)
        return
    if isinstance(event, ContractEvent):
        commerce.project_contract(rows, envelope, event)
        return
    if not isinstance(event, IGNORED):
        rows.customers[customer_id] = after(rows, envelope, event)


def after(rows: BatchRows, envelope: Envelope[events.AnyEvent], event: Kept) -> CustomerRow:
    """Return the customer's row after one event. A stage change also adds a transition row."""
    row = rows.customers[envelope.subject]
    if isinstance(event, ResponsibilityEvent):
        return evolve_responsibility(row, event)
    match event:
        case events.Renamed(name=name):
            return replace(row, company_name=name)
        case events.ProfileChanged():
            return replace(row, **{name: value for name, value in event.changes().items() if name in PROFILE})
        case events.StageChanged(previous=previous, stage=stage, reason=reason):
            rows.transitions[envelope.id] = entry(envelope, previous, stage, reason)
            return replace(row, stage=stage, mode=mode_of(stage), stage_since=envelope.occurred_at)
        case events.TierChanged(scheme=scheme, tier=tier):
            return replace(row, tiers={**row.tiers, scheme: tier})


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
