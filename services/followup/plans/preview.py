"""What a new version of a template would change in running plans."""

from dataclasses import replace
from datetime import datetime

from pydantic import BaseModel

from chassis.postgres.database import Pool
from chassis.rules.calendars.work_calendar import working
from chassis.versions.decider import version_of
from contracts.followup import CalendarPublished, PlanTemplatePublished
from services.followup.commands import PlanTemplate
from services.followup.plans import memory
from services.followup.plans.steps import revise

MAX_CHECKED = 1_000


class Preview(BaseModel):
    """Counts over the plans that were checked. If `has_more`, there are further plans, which were not checked."""

    plans_looked_at: int
    has_more: bool
    plans_changed: int
    tasks_scheduled: int
    tasks_moved: int
    tasks_cancelled: int


async def preview(pool: Pool, name: str, template: PlanTemplate, calendar: CalendarPublished, at: datetime) -> Preview:
    """Count the changes in running plans as if the template came into force at `at`."""
    found = await memory.of_template(pool, name, MAX_CHECKED + 1)
    plans = found[:MAX_CHECKED]
    candidate, work = version_of(PlanTemplatePublished, template, name=name), working(calendar)
    revisions = [revise(replace(plan, planned_from=at), candidate, work, at) for plan in plans]
    return Preview(
        plans_looked_at=len(plans),
        has_more=len(found) > len(plans),
        plans_changed=sum(bool(each.schedule or each.move or each.cancel) for each in revisions),
        tasks_scheduled=sum(len(each.schedule) for each in revisions),
        tasks_moved=sum(len(each.move) for each in revisions),
        tasks_cancelled=sum(len(each.cancel) for each in revisions),
    )
