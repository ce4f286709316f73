"""Refuses configuration that names a tier which no tier scheme has."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from chassis.commands.problem import ProblemError
from contracts.followup import PlanTrigger
from contracts.topics import EVENT_TYPES
from services.followup.dependencies import Dependencies
from services.followup.queries.tier_schemes import NamedTier

# The fields that hold a tier, in the events that have a scheme.
TIER_FIELDS = {"tier", "previous"}


async def require_known_tiers(named: Sequence[NamedTier], at: datetime, needs: Dependencies) -> None:
    """Raise the 422 problem that points at each tier which no scheme in force at `at` has."""
    if unknown := await needs.tier_schemes.unknown(named, at):
        errors = [{"pointer": each.pointer, "rule": "unknown-tier", **in_words(each.offered)} for each in unknown]
        raise ProblemError("validation-failed", errors[0]["detail"], errors[0]["detail_zh"], errors=errors)


def in_words(offered: Sequence[str]) -> dict[str, str]:
    return {
        "detail": f"No tier scheme in force then has this tier. Available tiers: {', '.join(offered)}.",
        "detail_zh": f"届时生效的分层方案中没有该分层；可选：{'、'.join(offered)}。",
    }


def tiers_in(field: str, triggers: Sequence[PlanTrigger]) -> Iterator[NamedTier]:
    """Yield the tiers for which triggers wait. `field` is that of the triggers in the request."""
    for index, trigger in enumerate(triggers):
        is_tier = trigger.field in TIER_FIELDS and "scheme" in EVENT_TYPES[trigger.event].model_fields
        if is_tier and trigger.value is not None:
            yield NamedTier(f"/{field}/{index}/value", trigger.value)
