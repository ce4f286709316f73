"""HTTP for plan templates: versions, and a preview of what a new version would change."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from chassis.http.access import OPS_OR_ADMIN, Allow, OpsOrAdmin, Previewer
from chassis.http.body import StrictRoute
from chassis.versions.decider import version_of
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.customer import Mode
from contracts.followup import PlanStep, PlanTemplatePublished, PlanTrigger
from contracts.types import Code
from services.followup import commands
from services.followup.api.access import Anyone
from services.followup.api.calendars import calendar_named
from services.followup.api.tiers import require_known_tiers, tiers_in
from services.followup.dependencies import Needs
from services.followup.plans import memory
from services.followup.plans.policy import TIER_SCHEME
from services.followup.plans.preview import Preview, preview
from services.followup.queries.tier_schemes import NamedTier
from services.followup.shipped.plan_templates import NOT_IN_FORCE, SHIPPED

router = APIRouter(prefix="/v1", tags=["plan templates"], route_class=StrictRoute)

Template = Annotated[Code, Path()]


class PlanTemplateView(BaseModel):
    """A template in force, or a shipped one that has not been published, which has number 0."""

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
    """List the templates in force and the shipped ones that have not been published, without paging."""
    known = SHIPPED | await memory.in_force(needs.pool, caller.context.now)
    return PlanTemplates(items=[view(known[name]) for name in sorted(known)])


async def versions(needs: Needs) -> Versions[PlanTemplatePublished]:
    return needs.plan_templates


async def version_from_body(
    template: Template, body: commands.PlanTemplate, caller: OpsOrAdmin, needs: Needs
) -> PlanTemplatePublished:
    """Publish a complete new version. When it comes into force, running plans change their open tasks to it."""
    at = body.effective_from or caller.context.now
    await calendar_named(body.calendar, at, needs)
    await require_known_tiers(tiers_of(body), at, needs)
    return version_of(PlanTemplatePublished, body, name=template)


VersionRoutes(
    "plan_template",
    "/plan-templates",
    versions,
    version_from_body,
    PlanTemplateView,
    OPS_OR_ADMIN,
    Allow(),
    parameter="template",
).add_to(router)


@router.post("/plan-templates/{template}/preview")
async def preview_plan_template(
    template: Template, body: commands.PlanTemplate, caller: Previewer, needs: Needs
) -> Preview:
    """Count the changes that publishing this version would make in running plans, without publishing it."""
    at = max(body.effective_from or caller.context.now, caller.context.now)
    calendar = await calendar_named(body.calendar, at, needs)
    await require_known_tiers(tiers_of(body), at, needs)
    return await preview(needs.pool, template, body, calendar, at)


def tiers_of(template: commands.PlanTemplate) -> list[NamedTier]:
    """Return the tiers that a template names. Those of steps are of the scheme by which plans are chosen."""
    of_steps = [
        NamedTier(f"/steps/{number}/tiers/{index}", tier, TIER_SCHEME)
        for number, step in enumerate(template.steps)
        for index, tier in enumerate(step.tiers)
    ]
    return [*of_steps, *tiers_in("starts_on", template.starts_on), *tiers_in("ends_on", template.ends_on)]


def view(template: PlanTemplatePublished) -> PlanTemplateView:
    return PlanTemplateView(is_in_force=template.number != NOT_IN_FORCE, **template.model_dump(exclude={"type"}))
