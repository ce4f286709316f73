"""Where in its life a customer stands: stage, mode and tier."""

from enum import StrEnum
from typing import Literal

from contracts.customer.tiers import TierBasis
from contracts.event import Event
from contracts.types import Code


class Stage(StrEnum):
    NEW = "new"
    INTERESTED = "interested"
    SIGNED = "signed"
    ESTABLISHED = "established"
    LOST = "lost"


class Mode(StrEnum):
    """A function of the stage: dense follow-up before the deal, staged maintenance after it."""

    FOLLOW_UP = "follow-up"
    MAINTENANCE = "maintenance"


class StageChanged(Event):
    type: Literal["care.customer.stage-changed.v1"] = "care.customer.stage-changed.v1"
    previous: Stage
    stage: Stage
    reason: Code | None = None


class TierChanged(Event):
    """The customer is in another tier. Without a `basis` it was set by hand, and stays until it is released."""

    type: Literal["care.customer.tier-changed.v1"] = "care.customer.tier-changed.v1"
    scheme: Code
    previous: Code | None = None
    tier: Code
    basis: TierBasis | None = None


LifeEvent = StageChanged | TierChanged


def mode_of(stage: Stage) -> Mode | None:
    """Follow-up before the deal, maintenance after it; a lost customer is in neither."""
    match stage:
        case Stage.NEW | Stage.INTERESTED:
            return Mode.FOLLOW_UP
        case Stage.SIGNED | Stage.ESTABLISHED:
            return Mode.MAINTENANCE
        case Stage.LOST:
            return None
