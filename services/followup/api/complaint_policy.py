"""HTTP for what is promised to whoever complains."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from chassis.commands.problem import not_found
from chassis.http.body import StrictRoute
from chassis.http.responses import PUBLISHED, Accepted, answer, etag
from contracts.followup.complaint_policy import ComplaintAssignment, ComplaintTarget
from services.followup.api.access import Anyone, Keeper
from services.followup.api.calendars import calendar_named
from services.followup.commands.complaint_policy import PublishComplaintPolicy
from services.followup.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["complaint policy"], route_class=StrictRoute)

ADDRESS = "/complaint-policy"


class ComplaintPolicyView(BaseModel):
    """One version of what is promised. Minutes are work time of `calendar`."""

    number: int
    targets: tuple[ComplaintTarget, ...]
    consent_workdays: int
    calendar: str
    assignments: tuple[ComplaintAssignment, ...]


@router.get(ADDRESS)
async def read_complaint_policy(
    caller: Anyone, needs: Needs, response: Response, version: Annotated[int | None, Query(ge=1)] = None
) -> ComplaintPolicyView:
    """Read a version of the policy; the latest if none is named."""
    del caller
    policies = needs.complaint_policies
    found = await policies.version(version) if version else await policies.latest()
    if found is None:
        raise not_found()
    stream = await needs.complaint_policy.load(needs.complaint_policies.stream_id)
    response.headers["ETag"] = etag(stream.version)
    return ComplaintPolicyView(**found.model_dump(exclude={"type"}))


@router.put(ADDRESS, response_model=Accepted, responses=PUBLISHED)
async def publish_complaint_policy(command: PublishComplaintPolicy, caller: Keeper, needs: Needs) -> Response:
    """Publish a whole new version. What has been promised stands; clocks that begin from now on follow it."""
    await calendar_named(command.calendar, caller.context.now, needs)
    handled = await needs.complaint_policy.handle(
        needs.complaint_policies.stream_id, command, caller.context, expected_version=caller.expected_version
    )
    return answer(handled, f"/v1{ADDRESS}")
