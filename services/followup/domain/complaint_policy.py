"""The complaint policy: versioned configuration with a shipped first version."""

from chassis.versions.decider import ONLY, Kind, version_of
from contracts.followup import ComplaintPolicyPublished
from contracts.followup.complaint import Severity
from contracts.followup.complaint_policy import ComplaintTarget
from services.followup.commands.complaint_policy import PublishComplaintPolicy
from services.followup.shipped.complaint_policy import SHIPPED, target_of

COMPLAINT_POLICY: Kind[ComplaintPolicyPublished] = Kind(("complaint-policy", "default"), shipped={ONLY: SHIPPED})


def policy_of(command: PublishComplaintPolicy) -> ComplaintPolicyPublished:
    """Return the version. A severity without a target for all tiers gets the shipped one."""
    version = version_of(ComplaintPolicyPublished, command)
    return version.model_copy(update={"targets": completed(version.targets)})


def completed(targets: tuple[ComplaintTarget, ...]) -> tuple[ComplaintTarget, ...]:
    general = {target.severity for target in targets if target.tier is None}
    return (*targets, *(target_of(SHIPPED, severity, None) for severity in Severity if severity not in general))
