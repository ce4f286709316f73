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


# Enumeration members are slow as keys and in match statements; this is asked for each rule of each event.
NEW, INTERESTED, LOST, FOLLOW_UP, MAINTENANCE = (
    Stage.NEW,
    Stage.INTERESTED,
    Stage.LOST,
    Mode.FOLLOW_UP,
    Mode.MAINTENANCE,
)


def mode_of(stage: Stage) -> Mode | None:
    """Return the mode that belongs to a stage; None for a lost customer."""
    if stage is LOST:
        return None
    return FOLLOW_UP if stage is NEW or stage is INTERESTED else MAINTENANCE
