"""HTTP for the survey policy: after which facts customers are asked."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from chassis.commands.problem import not_found
from chassis.http.body import StrictRoute
from chassis.http.responses import PUBLISHED, Accepted, answer, etag
from contracts.followup import Channel, PlanTrigger, SurveyKind
from services.followup.api.access import Anyone, Keeper
from services.followup.commands.survey import PublishSurveyPolicy
from services.followup.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["survey policy"], route_class=StrictRoute)

ADDRESS = "/survey-policy"


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


@router.get(ADDRESS)
async def read_survey_policy(caller: Anyone, needs: Needs, response: Response) -> SurveyPolicyView:
    """Read the policy in force; until one was published nobody is asked by itself, and there is none."""
    del caller
    loaded = await needs.survey_policy.load(needs.survey_policy_id)
    if loaded.state is None:
        raise not_found()
    response.headers["ETag"] = etag(loaded.version)
    said = loaded.state.model_dump(exclude={"type", "question"}) | loaded.state.question.model_dump()
    return SurveyPolicyView(**said)


@router.put(ADDRESS, response_model=Accepted, responses=PUBLISHED)
async def publish_survey_policy(command: PublishSurveyPolicy, caller: Keeper, needs: Needs) -> Response:
    """Put a whole new version in force, for facts that are heard of from now on."""
    handled = await needs.survey_policy.handle(
        needs.survey_policy_id, command, caller.context, expected_version=caller.expected_version
    )
    return answer(handled, f"/v1{ADDRESS}")
