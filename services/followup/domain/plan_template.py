"""A plan's template is published in whole versions; those that ship are not in force before that."""

from chassis.versions.decider import Kind
from contracts.followup import PlanTemplatePublished
from services.followup.plans.shipped import SHIPPED

PLAN_TEMPLATE: Kind[PlanTemplatePublished] = Kind(("plan-template",), name_field="name", unpublished=SHIPPED)
