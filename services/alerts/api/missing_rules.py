"""Says why a rule that a request names is not in force."""

from chassis.commands.decider import GoneError
from chassis.commands.problem import ProblemError, not_found
from contracts.alerts import RuleRetired
from services.alerts.dependencies import RuleDependencies
from services.alerts.engine.words import local_time
from services.alerts.engine.zone import BUSINESS_ZONE


async def missing_rule(name: str, needs: RuleDependencies) -> GoneError | ProblemError:
    """Return the error about a rule that is not in force: 410 if it was retired, 404 if there never was one."""
    latest = next(iter(await needs.versions.history(name)), None)
    if latest is None or not isinstance(latest.content, RuleRetired) or latest.published_at is None:
        return not_found()
    at = local_time(latest.published_at, BUSINESS_ZONE)
    return GoneError(
        "rule-retired",
        f"The rule {name} was retired at {at} by {latest.published_by}. It watches no customers.",
        f"规则 {name} 已由 {latest.published_by} 于 {at} 停用，不再监控任何客户。",
    )
