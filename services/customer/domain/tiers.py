"""The rules of tiers: set by hand they hold until released; else they are what a scheme's rules lead to."""

from dataclasses import replace

from chassis.commands.decider import RejectedError
from contracts import customer as events
from services.customer import commands
from services.customer.domain.standing import Standing
from services.customer.domain.state import Customer
from services.customer.shipped.tier_schemes import SHIPPED

Event = events.TierChanged | events.TierEvent
# What there is to choose from where nothing has been published.
OFFERED = {name: tuple(rule.tier for rule in scheme.tiers) for name, scheme in SHIPPED.items()}


def decide(customer: Customer, command: commands.TierCommand) -> list[events.CustomerEvent]:
    """Return the events that `command` earns: none when what it asks for already holds."""
    standing = customer.standings.get(command.scheme, Standing())
    match command:
        case commands.AssessTier():
            return [] if standing.is_held else assessed(standing, command)
        case commands.PutIntoTier(scheme=scheme, tier=tier, offered=offered):
            return tier_set(customer, scheme, tier, offered)
        case commands.SetTier(scheme=scheme, tier=tier):
            return tier_set(customer, scheme, tier, OFFERED.get(scheme, ()))
        case commands.ReleaseTier(scheme=scheme):
            return [events.TierReleased(scheme=scheme)] if standing.is_held else []
        case commands.ConfirmTier(scheme=scheme):
            proposal = proposed(standing)
            tier = proposal.tier
            return [events.TierChanged(scheme=scheme, previous=standing.tier, tier=tier, basis=proposal.basis)]
        case commands.RefuseTier(scheme=scheme):
            return [events.TierProposalRefused(scheme=scheme, tier=proposed(standing).tier)]


def tier_set(customer: Customer, scheme: str, tier: str, offered: tuple[str, ...]) -> list[events.CustomerEvent]:
    """Put the customer into a tier by hand; the one it has already is held from now on."""
    if tier not in offered:
        raise unknown_tier(scheme, offered)
    standing = customer.standings.get(scheme, Standing())
    if standing.tier != tier:
        return [events.TierChanged(scheme=scheme, previous=standing.tier, tier=tier)]
    return [] if standing.is_held else [events.TierHeld(scheme=scheme, tier=tier)]


def assessed(standing: Standing, command: commands.AssessTier) -> list[events.CustomerEvent]:
    """Answer to where the rules lead: at once, or by a proposal that is made once."""
    scheme, tier, basis = command.scheme, command.tier, command.basis
    if tier == standing.tier:
        gone = standing.proposal.tier if standing.proposal else standing.refused[1] if standing.refused else None
        return [events.TierProposalLapsed(scheme=scheme, tier=gone)] if gone else []
    if not command.proposes:
        return [events.TierChanged(scheme=scheme, previous=standing.tier, tier=tier, basis=basis)]
    is_open = standing.proposal is not None and standing.proposal.tier == tier
    if is_open or standing.refused == (basis.number, tier):
        return []
    return [events.TierProposed(scheme=scheme, previous=standing.tier, tier=tier, basis=basis)]


def proposed(standing: Standing) -> events.TierProposed:
    if standing.proposal is None:
        raise RejectedError(
            "no-tier-proposed",
            "No other tier is proposed for this customer; set one by hand instead.",
            "该客户目前没有待确认的分层建议，可直接手工设定分层。",
        )
    return standing.proposal


def unknown_tier(scheme: str, offered: tuple[str, ...]) -> RejectedError:
    known = ", ".join(offered) or "none"
    return RejectedError(
        "unknown-tier",
        f"Scheme {scheme} has no such tier; it offers: {known}.",
        f"分层方案 {scheme} 没有该分层；可选：{'、'.join(offered) or '无'}。",
    )


def evolve(standings: dict[str, Standing], event: Event) -> dict[str, Standing]:
    """Apply one fact."""
    standing = standings.get(event.scheme, Standing())
    return {**standings, event.scheme: after(standing, event)}


def after(standing: Standing, event: Event) -> Standing:
    match event:
        case events.TierChanged(tier=tier, basis=basis):
            return Standing(tier, basis, is_held=basis is None)
        case events.TierHeld():
            return Standing(standing.tier, standing.basis, is_held=True)
        case events.TierReleased():
            return replace(standing, is_held=False)
        case events.TierProposed():
            return replace(standing, proposal=event, refused=None)
        case events.TierProposalRefused(tier=tier):
            number = standing.proposal.basis.number if standing.proposal else 0
            return replace(standing, proposal=None, refused=(number, tier))
        case events.TierProposalLapsed():
            return replace(standing, proposal=None, refused=None)
