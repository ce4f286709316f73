"""The rules of a customer's life: the stage it is in, and what may happen next."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from chassis.access import Holders
from chassis.decider import Decider, RejectedError
from contracts import customer as events
from contracts.customer import Kind, Stage
from services.customer import commands

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


@dataclass(frozen=True, slots=True)
class Customer:
    """Only what a later decision needs; everything else belongs in a read model."""

    kind: Kind | None = None
    name: str | None = None
    name_ref: UUID | None = None
    stage: Stage = Stage.NEW
    tiers: dict[str, str] = field(default_factory=dict)
    owner_id: str | None = None
    leader_id: str | None = None
    profile: commands.Profile = field(default_factory=commands.Profile)

    @property
    def known(self) -> bool:
        return self.kind is not None

    @property
    def holders(self) -> Holders:
        return Holders(self.owner_id, self.leader_id)


def decide(customer: Customer, command: commands.AnyCommand) -> list[events.AnyEvent]:
    """Return the events that `command` earns: none when what it asks for already holds."""
    match command:
        case commands.Register():
            return [*registered(customer, command), *stated(customer, command)]
        case _ if not customer.known:
            raise RejectedError("customer-unknown", "This customer has not been registered.", "该客户尚未登记。")
        case commands.ChangeProfile(profile=profile):
            return profile_changed(customer, profile)
        case commands.ChangeStage(stage=stage, reason=reason):
            return stage_changed(customer, stage, reason)
        case commands.SetTier(scheme=scheme, tier=tier):
            return tier_changed(customer, scheme, tier)
        case commands.AssignOwner(owner_id=owner_id, leader_id=leader_id):
            return owner_assigned(customer, owner_id, leader_id)


def registered(customer: Customer, command: commands.Register) -> list[events.AnyEvent]:
    if customer.known:
        return []
    return [
        events.Registered(
            kind=command.kind,
            name=command.name,
            name_ref=command.ref("person_name"),
            external_system=command.external.system if command.external else None,
            external_id=command.external.id if command.external else None,
            source=command.source,
        )
    ]


def stated(customer: Customer, command: commands.Register) -> list[events.AnyEvent]:
    """What a registration says beside the name. A stage stated at the first entry needs no transition."""
    found = profile_changed(customer, command.profile)
    if command.tier:
        found += tier_changed(customer, command.tier.scheme, command.tier.tier)
    if command.owner_id:
        found += owner_assigned(customer, command.owner_id, command.leader_id)
    if command.stage and not customer.known and command.stage is not Stage.NEW:
        found.append(events.StageChanged(previous=Stage.NEW, stage=command.stage, reason="stated-at-entry"))
    elif command.stage and customer.known:
        found += stage_changed(customer, command.stage, "stated-by-source")
    return found


def profile_changed(customer: Customer, profile: commands.Profile) -> list[events.AnyEvent]:
    known = customer.profile.model_dump()
    news = {name: value for name, value in profile.model_dump().items() if value not in (None, known[name])}
    return [events.ProfileChanged(**news)] if news else []


def stage_changed(customer: Customer, stage: Stage, reason: str | None) -> list[events.AnyEvent]:
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


def tier_changed(customer: Customer, scheme: str, tier: str) -> list[events.AnyEvent]:
    if tier not in TIERS.get(scheme, ()):
        offered = "; ".join(f"{name}: {', '.join(tiers)}" for name, tiers in TIERS.items())
        raise RejectedError(
            "unknown-tier", f"There is no such tier; offered are {offered}.", f"没有该分层；可选：{offered}。"
        )
    previous = customer.tiers.get(scheme)
    return [] if previous == tier else [events.TierChanged(scheme=scheme, previous=previous, tier=tier)]


def owner_assigned(customer: Customer, owner_id: str, leader_id: str | None) -> list[events.AnyEvent]:
    leader = leader_id or (customer.leader_id if owner_id == customer.owner_id else None)
    if (owner_id, leader) == (customer.owner_id, customer.leader_id):
        return []
    return [events.OwnerAssigned(previous_owner_id=customer.owner_id, owner_id=owner_id, leader_id=leader)]


def evolve(customer: Customer, event: events.AnyEvent) -> Customer:
    """Apply one fact. A fact is never refused: it has already happened."""
    match event:
        case events.Registered(kind=kind, name=name, name_ref=name_ref):
            return replace(customer, kind=kind, name=name, name_ref=name_ref)
        case events.ProfileChanged():
            news = event.model_dump(exclude={"type"}, exclude_none=True)
            return replace(customer, profile=customer.profile.model_copy(update=news))
        case events.StageChanged(stage=stage):
            return replace(customer, stage=stage)
        case events.TierChanged(scheme=scheme, tier=tier):
            return replace(customer, tiers={**customer.tiers, scheme: tier})
        case events.OwnerAssigned(owner_id=owner_id, leader_id=leader_id):
            return replace(customer, owner_id=owner_id, leader_id=leader_id)


CUSTOMER: Decider[Customer] = Decider(initial=Customer(), decide=decide, evolve=evolve)
