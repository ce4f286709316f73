"""Decides which plans an event starts, changes and ends. Pure: the plan runner sends the commands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from contracts.customer import Stage, TierChanged, mode_of
from contracts.event import Envelope
from contracts.followup import PlanTemplatePublished
from contracts.followup.plan import PlanTrigger
from services.followup.commands.plan import ChangePlan, EndPlan, PlanCommand, StartPlan
from services.followup.domain.customer_ref import CustomerRef
from services.followup.plans.plan_row import PlanRow
from services.followup.shipped.tier_schemes import DEFAULT

MAX_RUNNING_PLANS = 1_000
TIER_SCHEME = DEFAULT
TIER_CHANGED = "tier-changed"
# An event that names a day means the morning of that day in the business zone.
MORNING = time(9)


@dataclass(frozen=True, slots=True)
class PlanningState:
    """The state after the event: the customer, its running plans, and the templates in force."""

    customer: CustomerRef
    running: Sequence[PlanRow]
    templates: Sequence[PlanTemplatePublished]
    zone: ZoneInfo


def react(envelope: Envelope[Any], state: PlanningState) -> list[tuple[UUID, PlanCommand]]:
    """Return the commands to plans, by plan id. The id of a plan is derived from the event that started it."""
    return [*ends(envelope, state), *starts(envelope, state)]


def ends(envelope: Envelope[Any], state: PlanningState) -> Iterator[tuple[UUID, PlanCommand]]:
    reasons = {template.name: why_ended(envelope, template, state.customer) for template in state.templates}
    for plan in state.running:
        if plan.template not in reasons:
            continue
        if reason := reasons[plan.template]:
            yield plan.plan_id, EndPlan(reason=reason)
        elif is_re_tiered(envelope) and plan.tier != tier_of(state.customer):
            yield plan.plan_id, ChangePlan(number=plan.number, tier=tier_of(state.customer), reason=TIER_CHANGED)


def why_ended(envelope: Envelope[Any], template: PlanTemplatePublished, customer: CustomerRef) -> str | None:
    if customer.is_erased:
        return "erased"
    if any(is_met(trigger, envelope) for trigger in template.ends_on):
        return str(envelope.event.type).split(".")[2]
    return None if is_in_mode(template, customer) else "mode-changed"


def is_in_mode(template: PlanTemplatePublished, customer: CustomerRef) -> bool:
    return template.mode in {None, mode_of(Stage(customer.stage))}


def is_re_tiered(envelope: Envelope[Any]) -> bool:
    return isinstance(envelope.event, TierChanged) and envelope.event.scheme == TIER_SCHEME


def tier_of(customer: CustomerRef) -> str | None:
    return customer.tiers.get(TIER_SCHEME)


def starts(envelope: Envelope[Any], state: PlanningState) -> Iterator[tuple[UUID, PlanCommand]]:
    """Yield the plans to start. A customer with MAX_RUNNING_PLANS plans gets no more."""
    if state.customer.is_erased or len(state.running) >= MAX_RUNNING_PLANS:
        return
    known = {plan.plan_id for plan in state.running}
    running_templates = {plan.template for plan in state.running}
    for template in state.templates:
        plan_id = uuid5(envelope.id, template.name)
        if (
            plan_id in known
            or (template.once and template.name in running_templates)
            or not is_in_mode(template, state.customer)
        ):
            continue
        if any(is_met(each, envelope) for each in template.starts_on) and (at := anchor(envelope, template, state)):
            yield plan_id, start(envelope, template, at, tier_of(state.customer))


def start(envelope: Envelope[Any], template: PlanTemplatePublished, at: datetime, tier: str | None) -> StartPlan:
    return StartPlan(template=template.name, number=template.number, anchor_id=envelope.id, anchor_at=at, tier=tier)


def is_met(trigger: PlanTrigger, envelope: Envelope[Any]) -> bool:
    if envelope.event.type != trigger.event:
        return False
    return trigger.field is None or str(getattr(envelope.event, trigger.field)) == trigger.value


def anchor(envelope: Envelope[Any], template: PlanTemplatePublished, state: PlanningState) -> datetime | None:
    """Return the time from which the offsets of the steps count; None if the event does not contain it."""
    if template.anchor is None:
        return envelope.occurred_at
    match getattr(envelope.event, template.anchor):
        case datetime() as at:
            return at
        case date() as day:
            return datetime.combine(day, MORNING, state.zone)
        case _:
            return None
