"""The rules of a tier scheme: each publication is a whole new version with the next number."""

from chassis.commands.decider import Decider
from contracts.customer import TierRule, TierSchemePublished
from services.customer import commands

Scheme = TierSchemePublished | None


def decide(latest: Scheme, command: commands.PublishTierScheme) -> list[TierSchemePublished]:
    """Return the next version: none when the latest says the same."""
    published = version_of(command.name, latest.number + 1 if latest else 1, command)
    same = latest is not None and published == latest.model_copy(update={"number": published.number})
    return [] if same else [published]


def version_of(name: str, number: int, scheme: commands.TierScheme) -> TierSchemePublished:
    return TierSchemePublished(
        name=name,
        number=number,
        decision=scheme.decision,
        window_days=scheme.window_days,
        currency=scheme.currency,
        tiers=tuple(TierRule(**dict(rule)) for rule in scheme.tiers),
    )


def evolve(_latest: Scheme, event: TierSchemePublished) -> Scheme:
    """Apply one fact. A fact is never refused: it has already happened."""
    return event


TIER_SCHEME: Decider[Scheme] = Decider(initial=None, decide=decide, evolve=evolve)
