"""The rules of stages and tiers."""

from chassis.decider import RejectedError
from contracts import customer as events
from contracts.customer import Stage
from services.customer.domain.stages import require_way
from services.customer.domain.state import Customer

# The schemes that ship; making them configurable data is the tier policy's own story.
TIERS: dict[str, tuple[str, ...]] = {"default": ("vip", "growth", "ordinary"), "abc": ("a", "b", "c")}


def stage_changed(customer: Customer, stage: Stage, reason: str | None) -> list[events.CustomerEvent]:
    if stage is customer.stage:
        return []
    require_way(customer.stage, stage, reason)
    return [events.StageChanged(previous=customer.stage, stage=stage, reason=reason)]


def tier_changed(customer: Customer, scheme: str, tier: str) -> list[events.CustomerEvent]:
    if tier not in TIERS.get(scheme, ()):
        offered = "; ".join(f"{name}: {', '.join(tiers)}" for name, tiers in TIERS.items())
        raise RejectedError(
            "unknown-tier", f"There is no such tier; offered are {offered}.", f"没有该分层；可选：{offered}。"
        )
    previous = customer.tiers.get(scheme)
    return [] if previous == tier else [events.TierChanged(scheme=scheme, previous=previous, tier=tier)]
