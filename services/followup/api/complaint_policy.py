"""HTTP for the complaint policy."""

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.http.access import OPS_OR_ADMIN, Allow, OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.followup import ComplaintPolicyPublished
from contracts.followup.complaint_policy import ComplaintAssignment, ComplaintTarget
from services.followup.api.calendars import calendar_named
from services.followup.api.tiers import require_known_tiers
from services.followup.commands.complaint_policy import PublishComplaintPolicy
from services.followup.dependencies import Needs
from services.followup.domain.complaint_policy import policy_of
from services.followup.queries.tier_schemes import NamedTier

router = APIRouter(prefix="/v1", tags=["complaint policy"], route_class=StrictRoute)


class ComplaintPolicyView(BaseModel):
    """One version of the complaint policy. Minutes are work time of `calendar`."""

    number: int
    targets: tuple[ComplaintTarget, ...]
    consent_workdays: int
    calendar: str
    assignments: tuple[ComplaintAssignment, ...]


async def versions(needs: Needs) -> Versions[ComplaintPolicyPublished]:
    return needs.complaint_policies


async def version_from_body(
    command: PublishComplaintPolicy, caller: OpsOrAdmin, needs: Needs
) -> ComplaintPolicyPublished:
    """Publish a complete new version. It applies to clocks that start from then on; existing targets stay."""
    at = command.effective_from or caller.context.now
    await calendar_named(command.calendar, at, needs)
    tiers = [NamedTier(f"/targets/{index}/tier", each.tier) for index, each in enumerate(command.targets) if each.tier]
    await require_known_tiers(tiers, at, needs)
    return policy_of(command)


VersionRoutes(
    "complaint_policy",
    "/complaint-policy",
    versions,
    version_from_body,
    ComplaintPolicyView,
    OPS_OR_ADMIN,
    Allow(),
    number_parameter="version",
).add_to(router)
