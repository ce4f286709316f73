"""The rules of stages and tiers."""

from chassis.decider import RejectedError
from contracts import customer as events
from contracts.customer import Stage
from services.customer.domain.state import Customer

LEGAL: dict[Stage, frozenset[Stage]] = {
    Stage.NEW: frozenset({Stage.INTERESTED, Stage.SIGNED, Stage.LOST}),
    Stage.INTERESTED: frozenset({Stage.SIGNED, Stage.LOST}),
    Stage.SIGNED: frozenset({Stage.ESTABLISHED, Stage.LOST}),
    Stage.ESTABLISHED: frozenset({Stage.LOST}),
    Stage.LOST: frozenset({Stage.INTERESTED}),
}
STAGES_ZH = {
    Stage.NEW: "新客户",
    Stage.INTERESTED: "意向",
    Stage.SIGNED: "签约",
    Stage.ESTABLISHED: "老客户",
    Stage.LOST: "流失",
}
# The schemes that ship; making them configurable data is the tier policy's own story.
TIERS: dict[str, tuple[str, ...]] = {"default": ("vip", "growth", "ordinary"), "abc": ("a", "b", "c")}


def stage_changed(customer: Customer, stage: Stage, reason: str | None) -> list[events.CustomerEvent]:
    if stage is customer.stage:
        return []
    if stage not in LEGAL[customer.stage]:
        open_stages = [name for name in Stage if name in LEGAL[customer.stage]]
        raise RejectedError(
            "illegal-transition",
            f"A customer who is {customer.stage} cannot become {stage}; open are: {', '.join(open_stages)}.",
            f"{STAGES_ZH[customer.stage]}不能变为{STAGES_ZH[stage]}；可变为："
            f"{'、'.join(STAGES_ZH[name] for name in open_stages)}。",
        )
    return [events.StageChanged(previous=customer.stage, stage=stage, reason=reason)]


def tier_changed(customer: Customer, scheme: str, tier: str) -> list[events.CustomerEvent]:
    if tier not in TIERS.get(scheme, ()):
        offered = "; ".join(f"{name}: {', '.join(tiers)}" for name, tiers in TIERS.items())
        raise RejectedError(
            "unknown-tier", f"There is no such tier; offered are {offered}.", f"没有该分层；可选：{offered}。"
        )
    previous = customer.tiers.get(scheme)
    return [] if previous == tier else [events.TierChanged(scheme=scheme, previous=previous, tier=tier)]
