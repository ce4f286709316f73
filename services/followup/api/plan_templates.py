"""HTTP for the templates of plans: published whole, and what a new version would change."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel

from chassis.commands.problem import not_found
from chassis.http.access import Allow, Caller
from chassis.http.auth import Role
from chassis.http.body import StrictRoute
from chassis.http.responses import PUBLISHED, Accepted, answer, etag
from contracts.customer import Mode
from contracts.followup import PlanStep, PlanTemplatePublished, PlanTrigger
from contracts.types import Code
from services.followup import commands
from services.followup.api.access import Anyone
from services.followup.api.calendars import calendar_named
from services.followup.dependencies import Dependencies, Needs
from services.followup.plans import memory
from services.followup.plans.preview import Preview, preview
from services.followup.plans.shipped import NOT_IN_FORCE, SHIPPED

router = APIRouter(prefix="/v1", tags=["plan templates"], route_class=StrictRoute)

Keeper = Annotated[Caller, Depends(Allow((Role.OPS, Role.ADMIN), ()))]
Template = Annotated[Code, Path()]


class PlanTemplateView(BaseModel):
    """A template as it is in force; one of number 0 ships with the product and waits to be published."""

    name: str
    number: int
    is_in_force: bool
    mode: Mode | None
    starts_on: tuple[PlanTrigger, ...]
    anchor: str | None
    steps: tuple[PlanStep, ...]
    ends_on: tuple[PlanTrigger, ...]
    once: bool
    calendar: str


class PlanTemplates(BaseModel):
    items: list[PlanTemplateView]


@router.get("/plan-templates")
async def read_plan_templates(caller: Anyone, needs: Needs) -> PlanTemplates:
    """List the templates in force and those that wait to be published; there are few, so all at once."""
    del caller
    known = SHIPPED | await memory.in_force(needs.pool)
    return PlanTemplates(items=[view(known[name]) for name in sorted(known)])


@router.get("/plan-templates/{template}")
async def read_plan_template(template: Template, caller: Anyone, needs: Needs, response: Response) -> PlanTemplateView:
    """Read a template as it stands after every acknowledged command."""
    del caller
    loaded = await needs.plan_templates.load(template_id(template, needs))
    found = loaded.state or SHIPPED.get(template)
    if found is None:
        raise not_found()
    response.headers["ETag"] = etag(loaded.version)
    return view(found)


@router.put("/plan-templates/{template}", response_model=Accepted, responses=PUBLISHED)
async def publish_plan_template(
    template: Template, body: commands.PlanTemplate, caller: Keeper, needs: Needs
) -> Response:
    """Put a whole new version in force. Plans that run go over to it for what is still open."""
    await calendar_named(body.calendar, needs)
    command = commands.PublishPlanTemplate(name=template, **dict(body))
    handled = await needs.plan_templates.handle(
        template_id(template, needs), command, caller.context, expected_version=caller.expected_version
    )
    return answer(handled, f"/v1/plan-templates/{template}")


@router.post("/plan-templates/{template}/preview")
async def preview_plan_template(
    template: Template, body: commands.PlanTemplate, caller: Keeper, needs: Needs
) -> Preview:
    """Say what publishing this would change in the plans that run, and change nothing."""
    calendar = await calendar_named(body.calendar, needs)
    return await preview(needs.pool, template, body, calendar, caller.context.now)


def template_id(name: str, needs: Dependencies) -> UUID:
    return needs.pseudonyms.derived("plan-template", name)


def view(template: PlanTemplatePublished) -> PlanTemplateView:
    said = template.model_dump(exclude={"type"})
    return PlanTemplateView(is_in_force=template.number != NOT_IN_FORCE, **said)
