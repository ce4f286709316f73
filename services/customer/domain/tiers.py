"""The rules of tiers: a tier set by hand is held until released; otherwise the rules of the scheme set it."""

from dataclasses import replace

from chassis.commands.decider import RejectedError
from contracts import customer as events
from services.customer import commands
from services.customer.domain.state import Customer
from services.customer.domain.tier_state import TierState
from services.customer.shipped.tier_schemes import SHIPPED

Event = events.TierChanged | events.TierEvent
# The tiers of schemes that are not published yet.
OFFERED = {name: tuple(rule.tier for rule in scheme.tiers) for name, scheme in SHIPPED.items()}


def decide(customer: Customer, command: commands.TierCommand) -> list[events.CustomerEvent]:
    """Return the events that result from `command`: none if it changes nothing."""
    state = customer.tier_states.get(command.scheme, TierState())
    match command:
        case commands.AssessTier():
            return [] if state.is_held else assessed(state, command)
        case commands.PutIntoTier(scheme=scheme, tier=tier, offered=offered):
            return tier_set(customer, scheme, tier, offered)
        case commands.SetTier(scheme=scheme, tier=tier):
            return tier_set(customer, scheme, tier, OFFERED.get(scheme, ()))
        case commands.ReleaseTier(scheme=scheme):
            return [events.TierReleased(scheme=scheme)] if state.is_held else []
        case commands.ConfirmTier(scheme=scheme):
            proposal = proposed(state)
            tier = proposal.tier
            return [events.TierChanged(scheme=scheme, previous=state.tier, tier=tier, basis=proposal.basis)]
        case commands.RefuseTier(scheme=scheme):
            return [events.TierProposalRefused(scheme=scheme, tier=proposed(state).tier)]


def tier_set(customer: Customer, scheme: str, tier: str, offered: tuple[str, ...]) -> list[events.CustomerEvent]:
    """Set the tier by hand. If the customer has it already, it is held from now on."""
    if tier not in offered:
        raise unknown_tier(scheme, offered)
    state = customer.tier_states.get(scheme, TierState())
    if state.tier != tier:
        return [events.TierChanged(scheme=scheme, previous=state.tier, tier=tier)]
    return [] if state.is_held else [events.TierHeld(scheme=scheme, tier=tier)]


def assessed(state: TierState, command: commands.AssessTier) -> list[events.CustomerEvent]:
    """Return the events of an assessment: a changed tier, or a proposal, which is made once."""
    scheme, tier, basis = command.scheme, command.tier, command.basis
    if tier == state.tier:
        gone = state.proposal.tier if state.proposal else state.refused[1] if state.refused else None
        return [events.TierProposalLapsed(scheme=scheme, tier=gone)] if gone else []
    if not command.proposes:
        return [events.TierChanged(scheme=scheme, previous=state.tier, tier=tier, basis=basis)]
    is_open = state.proposal is not None and state.proposal.tier == tier
    if is_open or state.refused == (basis.number, tier):
        return []
    return [events.TierProposed(scheme=scheme, previous=state.tier, tier=tier, basis=basis)]


def proposed(state: TierState) -> events.TierProposed:
    if state.proposal is None:
        raise RejectedError(
            "no-tier-proposed",
            "There is no open tier proposal for this customer. You can set the tier by hand.",
            "该客户目前没有待确认的分层建议，可直接手工设定分层。",
        )
    return state.proposal


def unknown_tier(scheme: str, offered: tuple[str, ...]) -> RejectedError:
    known = ", ".join(offered) or "none"
    return RejectedError(
        "unknown-tier",
        f"Scheme {scheme} does not have this tier. Its tiers: {known}.",
        f"分层方案 {scheme} 没有该分层；可选：{'、'.join(offered) or '无'}。",
        "tier",
    )


def evolve(tier_states: dict[str, TierState], event: Event) -> dict[str, TierState]:
    """Apply one event."""
    state = tier_states.get(event.scheme, TierState())
    return {**tier_states, event.scheme: after(state, event)}


def after(state: TierState, event: Event) -> TierState:
    match event:
        case events.TierChanged(tier=tier, basis=basis):
            return TierState(tier, basis, is_held=basis is None)
        case events.TierHeld():
            return TierState(state.tier, state.basis, is_held=True)
        case events.TierReleased():
            return replace(state, is_held=False)
        case events.TierProposed():
            return replace(state, proposal=event, refused=None)
        case events.TierProposalRefused(tier=tier):
            number = state.proposal.basis.number if state.proposal else 0
            return replace(state, proposal=None, refused=(number, tier))
        case events.TierProposalLapsed():
            return replace(state, proposal=None, refused=None)
