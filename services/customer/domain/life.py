"""The rules of a customer's stage."""

from contracts import customer as events
from contracts.customer import Stage
from services.customer.domain.stages import require_transition
from services.customer.domain.state import Customer


def stage_changed(customer: Customer, stage: Stage, reason: str | None) -> list[events.CustomerEvent]:
    if stage is customer.stage:
        return []
    require_transition(customer.stage, stage, reason)
    return [events.StageChanged(previous=customer.stage, stage=stage, reason=reason)]
