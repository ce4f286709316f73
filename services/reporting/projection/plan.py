"""Projects plans."""

from dataclasses import replace

from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.plan import PlanEvent
from services.reporting.projection.batch_rows import BatchRows
from services.reporting.projection.rows import PlanRow


def project(rows: BatchRows, envelope: Envelope[events.AnyEvent], event: PlanEvent) -> None:
    """Apply one event to the plan's row. Its tasks have their own rows."""
    plan_id, at = envelope.stream_id, envelope.occurred_at
    match event:
        case events.PlanStarted():
            rows.plans[plan_id] = PlanRow(
                plan_id=plan_id,
                customer_id=envelope.subject,
                started_at=at,
                **event.model_dump(exclude={"type", "anchor_id"}),
            )
        case events.PlanChanged(number=number, tier=tier):
            row = rows.plans[plan_id]
            rows.plans[plan_id] = replace(row, number=number, tier=tier, changed_times=row.changed_times + 1)
        case events.PlanEnded(reason=reason):
            rows.plans[plan_id] = replace(rows.plans[plan_id], ended_at=at, end_reason=reason)
