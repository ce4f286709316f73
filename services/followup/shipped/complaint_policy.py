"""The targets of a complaint policy, and the shipped policy."""

from contracts.followup.complaint import Severity
from contracts.followup.complaint_policy import ComplaintPolicyPublished, ComplaintTarget

TOP_TIERS = (None, "vip", "a")
# Work minutes to the first answer and to the resolution. A workday of the shipped calendar has 450.
MINUTES = {
    Severity.CRITICAL: (60, 450),
    Severity.HIGH: (120, 900),
    Severity.NORMAL: (240, 2_250),
    Severity.LOW: (450, 4_500),
}


def shipped_target(severity: Severity, tier: str | None) -> ComplaintTarget:
    """Return the shipped target. For the highest tiers it is half as long."""
    answer, resolve = (minutes // (2 if tier else 1) for minutes in MINUTES[severity])
    return ComplaintTarget(severity=severity, tier=tier, answer_minutes=answer, resolve_minutes=resolve)


SHIPPED = ComplaintPolicyPublished(
    number=1,
    targets=tuple(shipped_target(severity, tier) for tier in TOP_TIERS for severity in Severity),
    consent_workdays=5,
)


def target_of(policy: ComplaintPolicyPublished, severity: Severity, tier: str | None) -> ComplaintTarget:
    """Return the target for this tier, else the one for all tiers."""
    found = {target.tier: target for target in policy.targets if target.severity is severity}
    return found.get(tier) or found[None]
