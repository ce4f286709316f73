"""The rules of a plan's template: each publication is a whole new version with the next number."""

from chassis.commands.decider import Decider
from contracts import followup as events
from contracts.followup.plan import PlanStep, PlanTrigger
from services.followup.commands.plan_template import PlanTemplate, PublishPlanTemplate

Event = events.PlanTemplatePublished


def decide(latest: Event | None, command: PublishPlanTemplate) -> list[Event]:
    """Return the next version: none when the latest says the same."""
    published = version_of(command.name, latest.number + 1 if latest else 1, command)
    same = latest is not None and published == latest.model_copy(update={"number": published.number})
    return [] if same else [published]


def version_of(name: str, number: int, template: PlanTemplate) -> Event:
    return events.PlanTemplatePublished(
        name=name,
        number=number,
        mode=template.mode,
        starts_on=tuple(PlanTrigger(**dict(each)) for each in template.starts_on),
        anchor=template.anchor,
        steps=tuple(PlanStep(**dict(each)) for each in template.steps),
        ends_on=tuple(PlanTrigger(**dict(each)) for each in template.ends_on),
        once=template.once,
        calendar=template.calendar,
    )


def evolve(_latest: Event | None, event: Event) -> Event:
    """Apply one fact. A fact is never refused: it has already happened."""
    return event


PLAN_TEMPLATE: Decider[Event | None] = Decider(initial=None, decide=decide, evolve=evolve)
