"""The row of a plan after one more event."""

from dataclasses import replace
from typing import Any

from contracts import followup as events
from contracts.event import Envelope
from tests.oracles.reporting.rows import PlanRow


def evolve(row: PlanRow | None, envelope: Envelope[Any]) -> PlanRow | None:
    event, at = envelope.event, envelope.occurred_at
    if isinstance(event, events.PlanStarted):
        return PlanRow(
            plan_id=envelope.stream_id,
            customer_id=envelope.subject,
            started_at=at,
            **event.model_dump(exclude={"type", "anchor_id"}),
        )
    if row is None:
        return None
    match event:
        case events.PlanChanged(number=number, tier=tier):
            return replace(row, number=number, tier=tier, changed_times=row.changed_times + 1)
        case events.PlanEnded(reason=reason):
            return replace(row, ended_at=at, end_reason=reason)
        case _:
            raise TypeError(type(event))
