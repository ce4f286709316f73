"""The rules of a plan: it starts once, may change, and ends once."""

from dataclasses import dataclass, replace

from chassis.commands.decider import Decider, RejectedError
from contracts import followup as events
from services.followup.commands.plan import ChangePlan, EndPlan, PlanCommand, StartPlan

Event = events.PlanStarted | events.PlanChanged | events.PlanEnded


@dataclass(frozen=True, slots=True)
class Plan:
    """Only what a later decision needs."""

    number: int
    tier: str | None
    is_running: bool = True


def decide(plan: Plan | None, command: PlanCommand) -> list[Event]:
    """Return the events that `command` causes: none if it changes nothing."""
    match plan, command:
        case None, StartPlan():
            return [events.PlanStarted(**command.model_dump())]
        case None, _:
            raise RejectedError("plan-unknown", "There is no such plan.", "没有该跟进计划。")
        case Plan(), StartPlan():
            return []
        case Plan(is_running=False), ChangePlan() | EndPlan():
            return []
        case Plan(number=number, tier=tier), ChangePlan():
            same = (number, tier) == (command.number, command.tier)
            return [] if same else [events.PlanChanged(**command.model_dump())]
        case Plan(), EndPlan(reason=reason):
            return [events.PlanEnded(reason=reason)]


def evolve(plan: Plan | None, event: Event) -> Plan | None:
    """Apply one event. An event is never refused: it has already happened."""
    match event:
        case events.PlanStarted(number=number, tier=tier):
            return Plan(number, tier)
        case events.PlanChanged(number=number, tier=tier):
            return plan and replace(plan, number=number, tier=tier)
        case events.PlanEnded():
            return plan and replace(plan, is_running=False)


PLAN: Decider[Plan | None] = Decider(initial=None, decide=decide, evolve=evolve)
