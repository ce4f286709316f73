"""Commands for the plans of a customer, sent by the plan policy."""

from uuid import UUID

from chassis.commands.command import Command
from contracts.types import Code, Instant


class StartPlan(Command):
    template: Code
    number: int
    anchor_id: UUID
    anchor_at: Instant
    tier: Code | None = None


class ChangePlan(Command):
    number: int
    tier: Code | None = None
    reason: Code


class EndPlan(Command):
    reason: Code


PlanCommand = StartPlan | ChangePlan | EndPlan
