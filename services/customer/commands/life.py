"""The command to change the stage, and the tier of a registration."""

from chassis.commands.command import FactCommand, RequestModel
from contracts.customer import Stage
from contracts.types import Code


class Tier(RequestModel):
    """A place in a tier scheme."""

    scheme: Code = "default"
    tier: Code


class ChangeStage(FactCommand):
    stage: Stage
    reason: Code | None = None
