"""HTTP for the survey policy: the events after which surveys are sent."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.http.access import OPS_OR_ADMIN, Allow, OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.followup import Channel, PlanTrigger, SurveyKind, SurveyPolicyPublished
from services.followup.api.tiers import require_known_tiers, tiers_in
from services.followup.commands.survey import PublishSurveyPolicy
from services.followup.dependencies import Needs
from services.followup.domain.survey import policy_of

router = APIRouter(prefix="/v1", tags=["survey policy"], route_class=StrictRoute)


class SurveyPolicyView(BaseModel):
    """The policy in force."""

    number: int
    after: tuple[PlanTrigger, ...]
    survey: str
    kind: SurveyKind
    lowest: int
    highest: int
    anonymous: bool
    channel: Channel | None
    valid_days: int
    rest_days: int


async def versions(needs: Needs) -> Versions[SurveyPolicyPublished]:
    return needs.survey_policies


async def version_from_body(command: PublishSurveyPolicy, caller: OpsOrAdmin, needs: Needs) -> SurveyPolicyPublished:
    """Publish a complete new version. It applies to events received after it comes into force."""
    at = command.effective_from or caller.context.now
    await require_known_tiers(list(tiers_in("after", command.after)), at, needs)
    return policy_of(command)


def view_fields(policy: SurveyPolicyPublished) -> dict[str, Any]:
    return dict(policy) | dict(policy.question)


VersionRoutes(
    "survey_policy",
    "/survey-policy",
    versions,
    version_from_body,
    SurveyPolicyView,
    OPS_OR_ADMIN,
    Allow(),
    view_fields=view_fields,
).add_to(router)
