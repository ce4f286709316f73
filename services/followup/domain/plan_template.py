"""A plan's template is published in whole versions; those that ship are not in force before that."""

from chassis.versions.decider import Kind
from contracts.followup import PlanTemplatePublished
from services.followup.shipped.plan_templates import SHIPPED

PLAN_TEMPLATE: Kind[PlanTemplatePublished] = Kind(("plan-template",), named_by="name", unpublished=SHIPPED)
