"""The stage and the tier of a customer, and the mode that follows from the stage."""

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
    """How a customer is contacted: frequent follow-up before the deal, regular maintenance after it."""

    FOLLOW_UP = "follow-up"
    MAINTENANCE = "maintenance"


class StageChanged(Event):
    """The customer moved to another stage of its life cycle."""

    type: Literal["care.customer.stage-changed.v1"] = "care.customer.stage-changed.v1"
    previous: Stage
    stage: Stage
    reason: Code | None = None


class TierChanged(Event):
    """The customer moved to another tier. Without `basis`, it was set manually and is kept until it is released."""

    type: Literal["care.customer.tier-changed.v1"] = "care.customer.tier-changed.v1"
    scheme: Code
    previous: Code | None = None
    tier: Code
    basis: TierBasis | None = None


LifeEvent = StageChanged | TierChanged


def mode_of(stage: Stage) -> Mode | None:
    """Return the mode that belongs to a stage; None for a lost customer."""
    match stage:
        case Stage.NEW | Stage.INTERESTED:
            return Mode.FOLLOW_UP
        case Stage.SIGNED | Stage.ESTABLISHED:
            return Mode.MAINTENANCE
        case Stage.LOST:
            return None
