"""The rules of the complaint policy: published in whole versions, the first of which ships."""

from chassis.versions.decider import ONLY, Kind, version_of
from contracts.followup import ComplaintPolicyPublished
from contracts.followup.complaint import Severity
from contracts.followup.complaint_policy import ComplaintTarget
from services.followup.commands.complaint_policy import PublishComplaintPolicy
from services.followup.shipped.complaint_policy import SHIPPED, promised

COMPLAINT_POLICY: Kind[ComplaintPolicyPublished] = Kind(("complaint-policy", "default"), shipped={ONLY: SHIPPED})


def policy_of(command: PublishComplaintPolicy) -> ComplaintPolicyPublished:
    """Return what is asked for as a version, with the target that ships where a severity has none for any tier."""
    said = version_of(ComplaintPolicyPublished, command)
    return said.model_copy(update={"targets": whole(said.targets)})


def whole(said: tuple[ComplaintTarget, ...]) -> tuple[ComplaintTarget, ...]:
    general = {target.severity for target in said if target.tier is None}
    return (*said, *(promised(SHIPPED, severity, None) for severity in Severity if severity not in general))
