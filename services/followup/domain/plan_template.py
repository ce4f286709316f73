"""Plan templates: versioned configuration. Shipped templates are not in force until they are published."""

from chassis.versions.decider import Kind
from contracts.followup import PlanTemplatePublished
from services.followup.shipped.plan_templates import SHIPPED

PLAN_TEMPLATE: Kind[PlanTemplatePublished] = Kind(("plan-template",), name_field="name", unpublished=SHIPPED)
