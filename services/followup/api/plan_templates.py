"""HTTP for the templates of plans: published whole, and what a new version would change."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from chassis.http.access import Allow
from chassis.http.body import StrictRoute
from chassis.versions.decider import version_of
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.customer import Mode
from contracts.followup import PlanStep, PlanTemplatePublished, PlanTrigger
from contracts.types import Code
from services.followup import commands
from services.followup.api.access import KEEPERS, Anyone, Keeper
from services.followup.api.calendars import calendar_named
from services.followup.dependencies import Needs
from services.followup.plans import memory
from services.followup.plans.preview import Preview, preview
from services.followup.plans.shipped import NOT_IN_FORCE, SHIPPED

router = APIRouter(prefix="/v1", tags=["plan templates"], route_class=StrictRoute)

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
    known = SHIPPED | await memory.in_force(needs.pool, caller.context.now)
    return PlanTemplates(items=[view(known[name]) for name in sorted(known)])


async def versions(needs: Needs) -> Versions[PlanTemplatePublished]:
    return needs.plan_templates


async def version_from_body(
    template: Template, body: commands.PlanTemplate, caller: Keeper, needs: Needs
) -> PlanTemplatePublished:
    """Publish a whole new version. Plans that run go over to it, once it is in force, for what is still open."""
    await calendar_named(body.calendar, body.effective_from or caller.context.now, needs)
    return version_of(PlanTemplatePublished, body, name=template)


VersionRoutes(
    "plan_template",
    "/plan-templates",
    versions,
    version_from_body,
    PlanTemplateView,
    KEEPERS,
    Allow(),
    parameter="template",
).add_to(router)


@router.post("/plan-templates/{template}/preview")
async def preview_plan_template(
    template: Template, body: commands.PlanTemplate, caller: Keeper, needs: Needs
) -> Preview:
    """Say what publishing this would change in the plans that run now, and change nothing."""
    at = max(body.effective_from or caller.context.now, caller.context.now)
    calendar = await calendar_named(body.calendar, at, needs)
    return await preview(needs.pool, template, body, calendar, at)


def view(template: PlanTemplatePublished) -> PlanTemplateView:
    return PlanTemplateView(is_in_force=template.number != NOT_IN_FORCE, **template.model_dump(exclude={"type"}))
